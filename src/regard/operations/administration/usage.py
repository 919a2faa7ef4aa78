"""GetUsage, RebuildUsage: what was used, by whom, and what it would have cost by a price list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance import policy
from regard.governance.permissions import Permission
from regard.metering.bill import BillRow, MonthlyUsage, UsageBill, price
from regard.metering.fold import HOUR
from regard.metering.months import first_of_month, next_month, parts_by_month
from regard.metering.prices import PriceList, PriceListError, find_price_list
from regard.metering.units import Unit
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment
from regard.storage.clock import milliseconds

_MAX_MONTHS = 120
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)  # far from the ends of what a calendar has
_SHOWN = {
    "image_1": "ImagesOfGroup1",
    "image_2": "ImagesOfGroup2",
    "image_properties": "ImageProperties",
    "video_ms": "VideoMilliseconds",
    "segment_ms": "SegmentMilliseconds",
    "stream_ms": "StreamMilliseconds",
    "stream_label_ms": "StreamLabelMilliseconds",
    "training_ms": "TrainingMilliseconds",
    "inference_ms": "InferenceMilliseconds",
    "liveness": "LivenessChecks",
    "requests": "Requests",
    "refused": "Refused",
    "errors": "Errors",
}


def get_usage(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """What was used in a time, by whom, what or day, and what it would cost.

    Whoever may read the audit log is shown all of it; others what their own key has used, without what is
    stored. Hours and days are UTC's. Raises InvalidParameterException.
    """
    now = milliseconds()
    start, end = _span(request, now)
    sees_all = policy.allows(ctx.caller, Permission.AUDIT, "rekognition:ListAuditRecords", "*")
    prices = _prices(ctx, request.get("Prices"))
    by = request.get("By", "operation")
    ctx.stores.usage.follow()
    ctx.stores.vector_counts.count()
    spans = parts_by_month(start, end)
    months = [_used(ctx, first, last, by, sees_all=sees_all, now=now) for first, last in spans]
    bill = price(months, prices, beginning=ctx.stores.usage.beginning())
    answer: dict[str, Any] = {
        "From": moment(start),
        "To": moment(end),
        "By": by,
        "Rows": [_row(row, by, has_prices=prices is not None) for row in bill.rows],
        "Total": _amounts(bill.total),
    }
    if sees_all:
        answer["Total"] |= {"FaceHours": bill.face_hours, "UserHours": bill.user_hours}
    if prices is not None:
        answer["Prices"] = _priced(prices, bill)
    if sees_all and ctx.settings.cost_hour:
        answer["CostHere"] = _cost_here(ctx, bill, start, min(end, now))
    return answer


def rebuild_usage(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Folds the whole audit log anew; answers how many records it has."""
    return {"Records": ctx.stores.usage.rebuild()}


def _span(request: dict[str, Any], now: int) -> tuple[int, int]:
    """From which hour to before which, in ms since the epoch; the present month unless something is asked."""
    if any(not _EARLIEST <= request[name] <= _LATEST for name in ("From", "To") if name in request):
        raise InvalidParameterException(
            f"Request has invalid parameters: From and To must lie from {_EARLIEST:%Y} to {_LATEST:%Y}"
        )
    asked = {name: round(request[name].timestamp() * 1000) for name in ("From", "To") if name in request}
    start = asked.get("From", first_of_month(asked.get("To", now + 1) - 1))
    start -= start % HOUR
    end = -(-asked.get("To", next_month(start)) // HOUR) * HOUR
    if end <= start:
        raise InvalidParameterException("Request has invalid parameters: To must be after From")
    if len(list(parts_by_month(start, end))) > _MAX_MONTHS:
        raise InvalidParameterException(
            f"Request has invalid parameters: From and To may be {_MAX_MONTHS} months apart"
        )
    return start, end


def _prices(ctx: Context, name: str | None) -> PriceList | None:
    """The price list that is asked for, or the owner's."""
    try:
        if name is not None:
            return find_price_list(name)
    except PriceListError as error:
        raise InvalidParameterException(f"Request has invalid parameters: {error}") from error
    return ctx.stores.prices


def _used(ctx: Context, start: int, end: int, by: str, *, sees_all: bool, now: int) -> MonthlyUsage:
    rows = ctx.stores.usage.listed(start, end, by=by, key_id=None if sees_all else ctx.caller.key_id)
    until = min(end, now // HOUR * HOUR + HOUR)  # the present hour counts as a whole one
    stored = ctx.stores.vector_counts.vector_hours(start, until) if sees_all and start < until else {}
    month = first_of_month(start)
    hours = (next_month(start) - month) // HOUR
    return MonthlyUsage(month, hours, rows, stored, has_stored_rows=by == "collection")


def _row(row: BillRow, by: str, *, has_prices: bool) -> dict[str, Any]:
    name = row.name
    if by == "day":
        name = datetime.fromtimestamp(int(name) / 1000, UTC).strftime("%Y-%m-%d")
    shape: dict[str, Any] = {"Name": name, "Usage": _amounts(row.sums)}
    return shape | ({"Cost": _money(row.cost)} if has_prices else {})


def _amounts(sums: Mapping[str, int]) -> dict[str, Any]:
    shape: dict[str, Any] = {shown: sums.get(name, 0) for name, shown in _SHOWN.items()}
    return shape | {"WorkMilliseconds": round(sums.get("work_us", 0) / 1000)}


def _priced(prices: PriceList, bill: UsageBill) -> dict[str, Any]:
    return {
        "Name": prices.name,
        "Currency": prices.currency,
        "Region": prices.region,
        "Date": prices.date,
        "Source": prices.source,
        "Charges": [
            {
                "Meter": one.meter,
                "Quantity": float(round(one.quantity, 3)),
                "Free": float(round(one.free, 3)),
                "Cost": _money(one.cost),
                "Unverified": one.unverified,
            }
            for one in bill.charges
        ],
        "Cost": _money(bill.cost),
        "Unverified": any(one.unverified for one in bill.charges),
    }


def _cost_here(ctx: Context, bill: UsageBill, start: int, end: int) -> dict[str, Any]:
    """The machine's cost over the hours since there is a log."""
    per_hour = Decimal(ctx.settings.cost_hour)
    beginning = ctx.stores.usage.beginning()
    milliseconds_run = 0 if beginning is None else max(end - max(start, beginning), 0)
    cost = per_hour * milliseconds_run / HOUR
    shape = {
        "Hours": round(milliseconds_run / HOUR, 3),
        "CostHour": _money(per_hour),
        "Cost": _money(cost),
    }
    images = sum(bill.total.get(unit, 0) for unit in (Unit.IMAGE_1, Unit.IMAGE_2, Unit.IMAGE_PROPERTIES))
    return shape | ({"CostPerThousandImages": _money(cost * 1000 / images)} if images else {})


def _money(amount: Decimal) -> float:
    """To a millionth of the currency's unit, since an image costs a tenth of a cent."""
    return float(round(amount, 6))


OPERATIONS = (
    Operation(
        name="GetUsage",
        run=get_usage,
        area=Area.ADMINISTRATION,
        permission=Permission.READ,
        is_own=True,
    ),
    Operation(
        name="RebuildUsage",
        run=rebuild_usage,
        area=Area.ADMINISTRATION,
        permission=Permission.AUDIT,
        notes=("Records",),
        is_own=True,
        is_local=True,
    ),
)
