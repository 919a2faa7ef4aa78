"""SetQuota, ListQuotas: how much keys and people may use."""

from __future__ import annotations

from typing import Any, Final

from regard.caller import is_person_id
from regard.context import Context
from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException
from regard.governance.permissions import Permission
from regard.metering.quotas import MICRO, Limit, Quota
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation

_LISTING: Final = "quotas"
_MAX_RESULTS: Final = 1000
_MEMBERS: Final = {
    "RequestsPerSecond": Limit.RATE,
    "ImagesPerMonth": Limit.IMAGES,
    "VideoMinutesPerMonth": Limit.MINUTES,
    "MoneyPerMonth": Limit.MONEY,
    "FacesStored": Limit.FACES,
}
_USED: Final = {
    Limit.IMAGES: "ImagesUsed",
    Limit.MINUTES: "VideoMinutesUsed",
    Limit.MONEY: "MoneyUsed",
    Limit.FACES: "FacesUsed",
}


def set_quota(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Gives a key or a person these quotas and no others; nobody gives them to themself.

    Raises ResourceNotFoundException for a holder that there isn't, AccessDeniedException for one's own, and
    InvalidParameterException for one in money without a price list.
    """
    holder = request["Holder"]
    _check_holder(ctx, holder)
    amounts = {limit: request[member] for member, limit in _MEMBERS.items() if member in request}
    if Limit.MONEY in amounts:
        if ctx.stores.prices is None:
            raise InvalidParameterException(
                "MoneyPerMonth needs a price list; name one in REGARD_PRICES and start again."
            )
        amounts[Limit.MONEY] = round(amounts[Limit.MONEY] * MICRO)
    ctx.stores.quota_store.replace(holder, amounts)
    ctx.stores.quotas.refresh()
    return _shape(holder, [one for one in ctx.stores.quotas.listed() if one.holder == holder])


def list_quotas(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The quotas and what was used of them this month, a page at a time, sorted by holder."""
    by_holder: dict[str, list[Quota]] = {}
    for quota in ctx.stores.quotas.listed():
        by_holder.setdefault(quota.holder, []).append(quota)
    found, token = page_of(_LISTING, enumerate(by_holder.items(), 1), request, _MAX_RESULTS)
    return {"Quotas": [_shape(holder, quotas) for holder, quotas in found], **token}


def _check_holder(ctx: Context, holder: str) -> None:
    if holder in (ctx.caller.key_id, ctx.caller.person_id):
        raise AccessDeniedException("Nobody can change their own quotas; ask somebody else who manages keys.")
    key = ctx.stores.keys.find(holder)
    if key is not None:
        if key.person is not None and key.person.person_id == ctx.caller.person_id:
            raise AccessDeniedException(
                "Nobody can change their own quotas; ask somebody else who manages keys."
            )
        return
    if not is_person_id(holder):
        raise ResourceNotFoundException(f"There is no key {holder[:80]}; `regard keys list` shows them.")
    ctx.stores.accountability.people.get(holder)


def _shape(holder: str, quotas: list[Quota]) -> dict[str, Any]:
    shape: dict[str, Any] = {"Holder": holder}
    for member, limit in _MEMBERS.items():
        for quota in (one for one in quotas if one.limit is limit):
            in_money = limit is Limit.MONEY
            shape[member] = quota.amount / MICRO if in_money else quota.amount
            if limit in _USED:
                used = quota.used or 0
                shape[_USED[limit]] = used / MICRO if in_money else used
    return shape


OPERATIONS = (
    Operation(
        name="SetQuota",
        run=set_quota,
        area=Area.ADMINISTRATION,
        permission=Permission.MANAGE_KEYS,
        notes=("Holder", *_MEMBERS),
        is_own=True,
    ),
    Operation(
        name="ListQuotas",
        run=list_quotas,
        area=Area.ADMINISTRATION,
        permission=Permission.MANAGE_KEYS,
        is_own=True,
    ),
)
