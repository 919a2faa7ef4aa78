"""Price lists: what a month's units would have cost."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from regard.errors import RegardError
from regard.metering.units import STORED, Unit

_FOLDER: Final = Path(__file__).parent / "price_lists"
_KNOWN: Final = frozenset({*Unit, STORED})


class PriceListError(RegardError):
    """There is no such price list, or its file is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The price that holds up to `to` of a month, or for all beyond. `unverified`: no source states it."""

    price: Decimal
    to: Decimal | None = None
    unverified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterPrice:
    """What one line of a bill costs.

    Of the sum of its `units`, `of` make one that is billed (60,000 ms a minute); `round_up` makes a month's
    sum whole. `free` of them cost nothing a month, in the first `free_months`, or always where there are
    none. A tier's price is for `per` of them.
    """

    name: str
    units: tuple[str, ...]
    tiers: tuple[Tier, ...]
    of: Decimal = Decimal(1)
    per: Decimal = Decimal(1)
    free: Decimal = Decimal(0)
    free_months: int | None = None
    free_unverified: bool = False
    round_up: bool = False

    def quantity(self, counted: Mapping[str, int | Decimal]) -> Decimal:
        """How much that is, before it is rounded."""
        return sum((Decimal(counted.get(unit, 0)) for unit in self.units), Decimal(0)) / self.of

    def charge(self, counted: Mapping[str, int | Decimal], *, month: int) -> Charge:
        """The line of one month, the account's `month`-th from 0, of what was counted by unit."""
        quantity = self.quantity(counted)
        if self.round_up:
            quantity = quantity.to_integral_value("ROUND_CEILING")
        is_free = self.free_months is None or month < self.free_months
        free = min(self.free, quantity) if is_free else Decimal(0)
        left, cost = quantity - free, Decimal(0)
        unverified = bool(free) and self.free_unverified
        below = Decimal(0)
        for tier in self.tiers:
            within = max(left - below if tier.to is None else min(left, tier.to) - below, Decimal(0))
            cost += within * tier.price / self.per
            unverified |= tier.unverified and within > 0
            below = tier.to or below
        return Charge(self.name, quantity, free, cost, unverified)


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a bill: how much, how much of it free, and the cost. `unverified`: by a price that no
    source states."""

    meter: str
    quantity: Decimal
    free: Decimal
    cost: Decimal
    unverified: bool


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices of one provider, region and time. `date` is when they held, as exactly as it is known."""

    name: str
    currency: str
    region: str
    date: str
    source: str
    meters: tuple[MeterPrice, ...]

    def charges(self, counted: Mapping[str, int | Decimal], *, month: int) -> list[Charge]:
        """The lines of one month's bill, one for each meter. See `MeterPrice.charge`."""
        return [meter.charge(counted, month=month) for meter in self.meters]


def joined(months: Iterable[list[Charge]]) -> list[Charge]:
    """The lines of several months' bills by one list, added up."""
    totals: dict[str, Charge] = {}
    for one in (charge for month in months for charge in month):
        before = totals.get(one.meter, Charge(one.meter, Decimal(0), Decimal(0), Decimal(0), False))
        totals[one.meter] = Charge(
            one.meter,
            before.quantity + one.quantity,
            before.free + one.free,
            before.cost + one.cost,
            before.unverified or one.unverified,
        )
    return list(totals.values())


def builtin_price_lists() -> list[str]:
    """The names of the price lists that come with Regard."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def find_price_list(name: str) -> PriceList:
    """The price list that comes with Regard under this name. Raises PriceListError."""
    if name not in builtin_price_lists():
        raise PriceListError(
            f"There is no price list {name!r}; there are {' and '.join(builtin_price_lists())}."
        )
    return read_price_list(_FOLDER / f"{name}.toml")


def chosen_price_list(setting: str) -> PriceList | None:
    """The price list that a setting names, or its .toml file; None for "". Raises PriceListError."""
    if not setting:
        return None
    return read_price_list(Path(setting)) if setting.endswith(".toml") else find_price_list(setting)


def read_price_list(file: Path) -> PriceList:
    """The price list in a .toml file, whose stem is its name. Raises PriceListError where it is wrong."""
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise PriceListError(f"The price list {file.name} can't be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PriceListError(f"The price list {file.name} is no TOML: {error}.") from error
    try:
        meters = tuple(_meter(one) for one in document.pop("meters"))
        read = PriceList(name=file.stem, meters=meters, **document)
        _check(read)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise PriceListError(f"The price list {file.name} is wrong: {error}.") from error
    return read


def _meter(table: dict[str, Any]) -> MeterPrice:
    tiers = tuple(Tier(**_known(Tier, one)) for one in table.pop("tiers"))
    return MeterPrice(**{**_known(MeterPrice, table), "units": tuple(table["units"]), "tiers": tiers})


def _known(kind: type[Tier | MeterPrice], table: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a table, with exact numbers: a price is a string, since TOML's fractions are binary."""
    unknown = table.keys() - {known.name for known in fields(kind)}
    if unknown:
        raise ValueError(f"there is no entry {sorted(unknown)[0]!r}")
    exact = {name: Decimal(table[name]) for name in ("price", "to", "of", "per", "free") if name in table}
    return {**table, **exact}


def _check(prices: PriceList) -> None:
    for name in ("currency", "region", "date", "source"):
        if not isinstance(getattr(prices, name), str):
            raise TypeError(f"{name} is not a text")
    taken: set[str] = set()
    for meter in prices.meters:
        for unit in meter.units:
            if unit not in _KNOWN or unit in taken:
                raise ValueError(
                    f"{meter.name} has the unit {unit!r}, which is unknown or has a price already"
                )
            taken.add(unit)
        ends = [tier.to for tier in meter.tiers]
        steps = [end for end in ends if end is not None]
        if ends != [*sorted(set(steps)), None]:
            raise ValueError(f"the tiers of {meter.name} must rise, and the last must have no end")
        if min(meter.of, meter.per) <= 0 or min(meter.free, *(tier.price for tier in meter.tiers)) < 0:
            raise ValueError(f"{meter.name} has a number below zero, or divides by none")
