"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Callable

from regard.evaluation.intervals import Rate

_NOTHING = 1e-3  # of a rate: a lower bound that is smaller is said to be zero


def digits(number: float) -> str:
    """Two significant digits, never with an exponent: 0.013, 1.3, 130, 13,000."""
    if number == 0 or not math.isfinite(number):
        return f"{number:g}"
    rounded = float(f"{number:.1e}")
    return f"{rounded:,.{max(1 - math.floor(math.log10(abs(rounded))), 0)}f}"


def per_million(rate: float) -> str:
    return digits(rate * 1e6)


def percent(rate: float) -> str:
    """A share: 0.042 %, 4.2 %, 42 %, 99.6 %; one that only rounding would make the whole is > 99.9 %."""
    if 0.9995 <= rate < 1:
        return "> 99.9 %"
    if 0.9 < rate < 1:
        return f"{100 * rate:.1f} %"
    return f"{digits(100 * rate)} %" if 0 < rate < 0.1 else f"{100 * rate:.0f} %"


def times(ratio: float) -> str:
    return f"{ratio:.2f} times" if 1 < ratio < 1.1 else f"{digits(ratio)} times"


def span(value: float, low: float, high: float, show: Callable[[float], str]) -> str:
    """A number and its interval: 12 % (8.1–17 %), 130 (80–210)."""
    bounds = show(low if low > value * _NOTHING else 0.0).removesuffix(" %"), show(high)
    return f"{show(value)} ({'–'.join(bounds)})"


def with_interval(rate: Rate | None, show: Callable[[float], str]) -> str:
    """A rate and its 95 % interval; a dash where there is none."""
    return "–" if rate is None else span(rate.value, rate.low, rate.high, show)
