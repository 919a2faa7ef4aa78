"""What docs/thresholds.md says in numbers, from the card of the default face model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from card_tables import table

from regard.evaluation.card import GalleryRate, Measured, ModelCard
from regard.evaluation.rates import gallery_rate

MODEL: Final = ("default", "3.0")
ENROLLED: Final = 30  # of 100 searches
SIZES: Final = tuple(int(10 ** (3 + step / 10)) for step in range(41))  # of galleries, in the chart
COLOURS: Final = {  # on light, on dark
    80.0: ("#b3261e", "#f5887e"),
    90.0: ("#a35f00", "#e0a94a"),
    95.0: ("#6b5b00", "#d3c35a"),
    99.0: ("#1f5fa8", "#7fb2ee"),
    99.9: ("#1b7a3d", "#6fcf97"),
}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 480, 340, 56, 16, 62, 52  # read on a telephone, too


def load_card() -> ModelCard:
    """The card that the page speaks of."""
    return ModelCard.load(*MODEL)


def thresholds_table(card: ModelCard) -> str:
    """How often strangers match, and how often a person is found, at each threshold."""
    return table(
        ("similarity", "of a million pairs of strangers match", "of two photos of a person match"),
        ((f"{one.threshold:g} %", _per(one.false_match, 1e6), _found(one.true_match)) for one in card.rates),
    )


def galleries_table(card: ModelCard) -> str:
    """False candidates of a search for somebody who is not there, and the probability that there is one."""
    return table(
        ("people in the gallery", "threshold", "false candidates to expect", "searches with at least one"),
        (
            (
                f"{one.size:,}",
                f"{one.threshold:g} %",
                _per(_rate(card, one.threshold), one.size),
                _share(one.false_positive),
            )
            for one in card.galleries
        ),
    )


def hundred_searches_table(card: ModelCard, threshold: float = 99.0) -> str:
    """What 100 searches find, of which ENROLLED are for people who are in the gallery."""
    [found] = [one.true_match for one in card.rates if one.threshold == threshold and one.true_match]
    rows: list[Sequence[str]] = []
    for one in _at(card.galleries, threshold):
        true, false = ENROLLED * found.value, (100 - ENROLLED) * one.false_positive.value
        rows.append((f"{one.size:,}", f"{true:.0f}", f"{false:.0f}", f"{100 * false / (true + false):.0f} %"))
    return table(
        (
            "people in the gallery",
            "find the person",
            "find somebody, though the person isn't there",
            "share of the second among both",
        ),
        rows,
    )


def chart(card: ModelCard) -> str:
    """An SVG: by the size of the gallery, the probability that a search for a stranger finds somebody."""
    across = _scale(math.log10(SIZES[0]), math.log10(SIZES[-1]), LEFT, WIDTH - RIGHT)
    down = _scale(0, 100, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="600" '
        f'height="{HEIGHT * 600 / WIDTH:.0f}" font-family="system-ui, sans-serif" font-size="14" role="img">',
        "<title>The larger the gallery, the likelier a search finds a stranger</title>",
        f"<style>{_style()}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="10"/>',
    ]
    for percent in range(0, 101, 25):
        y = down(percent)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    for power, name in ((3, "1,000"), (4, "10,000"), (5, "100,000"), (6, "1 million"), (7, "10 million")):
        x = across(power)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 28}" text-anchor="middle">{name}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">people in the gallery</text>')
    for number, threshold in enumerate(COLOURS):
        rate = _rate(card, threshold).value
        points = [(across(math.log10(size)), down(100 * gallery_rate(rate, size))) for size in SIZES]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" class="line c{number}"/>')
        x, y = next((x, y) for x, y in points if y < down(50) or x == points[-1][0])
        place = f'x="{x + 8:.1f}"' if number else f'x="{x - 10:.1f}" text-anchor="end"'  # where there is room
        parts.append(f'<text {place} y="{y + 14:.1f}" class="c{number}">{threshold:g} %</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _style() -> str:
    """Colours by class, in light and in dark."""
    lines = [".paper { fill: #fff } text { fill: #444 } .grid { stroke: #d9dee6 }"]
    dark = [".paper { fill: #171b23 } text { fill: #b4bcc9 } .grid { stroke: #39414e }"]
    for number, (on_light, on_dark) in enumerate(COLOURS.values()):
        lines.append(f"text.c{number} {{ fill: {on_light} }} .line.c{number} {{ stroke: {on_light} }}")
        dark.append(f"text.c{number} {{ fill: {on_dark} }} .line.c{number} {{ stroke: {on_dark} }}")
    lines.append(".line { fill: none; stroke-width: 2.5 }")
    return "\n".join(["", *lines, "@media (prefers-color-scheme: dark) {", *dark, "}", ""])


def _scale(low: float, high: float, begin: float, end: float) -> Callable[[float], float]:
    return lambda value: begin + (value - low) / (high - low) * (end - begin)


def _rate(card: ModelCard, threshold: float) -> Measured:
    return next(one.false_match for one in card.rates if one.threshold == threshold)


def _at(galleries: Iterable[GalleryRate], threshold: float) -> list[GalleryRate]:
    return [one for one in galleries if one.threshold == threshold]


def _per(rate: Measured, many: float) -> str:
    star = "*" if rate.extrapolated else ""
    return f"{_number(rate.value * many)}{star} ({_number(rate.low * many)}–{_number(rate.high * many)})"


def _found(rate: Measured | None) -> str:
    return "" if rate is None else f"{100 * rate.value:.0f} % ({100 * rate.low:.0f}–{100 * rate.high:.0f} %)"


def _share(share: Measured) -> str:
    if share.low > 0.995:
        return "> 99 %"
    value, low, high = (
        "> 99.9" if one > 0.999 else _number(100 * one) for one in (share.value, share.low, share.high)
    )
    return f"{value} % ({low}–{high} %)"


def _number(value: float) -> str:
    """Two digits of a small number; a large one to the unit, with commas."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def threshold_tables() -> dict[str, str]:
    """The page's tables by the name of their place in it."""
    card = load_card()
    return {
        "thresholds": thresholds_table(card),
        "galleries": galleries_table(card),
        "searches": hundred_searches_table(card),
    }
