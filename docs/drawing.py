"""Diagrams as SVG: boxes, arrows and lifelines, narrow enough to be read on a telephone, in light and dark.

Coordinates are in units of the drawing, of which it has WIDTH across; y grows downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape

WIDTH: Final = 440
LINE: Final = 19  # from one line of text to the next
_PADDING: Final = 9
_CHARACTER: Final = 7.7  # the width of one, on average, of a wide font; bold ones take more
_BOLD: Final = 8.6
_SHOWN: Final = 480  # pixels across, where there is room

Kind = Literal["step", "gate", "good", "bad", "store", "frame"]
Point = tuple[float, float]

_STYLE: Final = """
text { fill: #1c2330 } .head { font-weight: 600 } .quiet { fill: #4b5565 } .warn { fill: #a1201a }
.paper { fill: #fff } .step { fill: #eaf1fb; stroke: #1f5fa8 } .gate { fill: #fdf2dc; stroke: #9a5b00 }
.good { fill: #e6f4ea; stroke: #1b7a3d } .bad { fill: #fbe9e7; stroke: #b3261e }
.store { fill: #eeeff2; stroke: #5c6573 } .frame { fill: none; stroke: #5c6573; stroke-dasharray: 5 4 }
.said { fill: #4b5565; stroke: #fff; stroke-width: 5; paint-order: stroke }
.line { fill: none; stroke: #5c6573; stroke-width: 1.6 } .life { stroke: #5c6573; stroke-dasharray: 2 4 }
.tip { fill: #5c6573 }
@media (prefers-color-scheme: dark) {
text { fill: #e6e9ef } .quiet { fill: #b4bcc9 } .warn { fill: #ff9d94 } .paper { fill: #171b23 }
.said { fill: #b4bcc9; stroke: #171b23 }
.step { fill: #1c3352; stroke: #7fb2ee } .gate { fill: #41300f; stroke: #e0a94a }
.good { fill: #163a24; stroke: #6fcf97 } .bad { fill: #4a1f1c; stroke: #f5887e }
.store { fill: #2a303b; stroke: #9aa4b4 } .frame, .life { stroke: #9aa4b4 }
.line { stroke: #9aa4b4 } .tip { fill: #9aa4b4 } }
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A box that was drawn, by its edges."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        return (self.top + self.bottom) / 2


class Drawing:
    """An SVG that is drawn piece by piece. `title` says what it shows, for who hears it."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._parts: list[str] = []

    def box(self, left: float, top: float, width: float, lines: Sequence[str], kind: Kind = "step") -> Box:
        """A box around lines of text, of which the first is bold. Raises ValueError where one is too long."""
        for number, line in enumerate(lines):
            if len(line) * (_CHARACTER if number else _BOLD) > width - _PADDING:
                raise ValueError(f"too long for {width} units: {line}")
        height = LINE * len(lines) + 2 * _PADDING
        box = Box(left, top, left + width, top + height)
        self._parts.append(
            f'<rect class="{kind}" x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="6"/>'
        )
        for number, line in enumerate(lines):
            at = top + _PADDING + LINE * (number + 0.75)
            self.text(box.middle, at, line, "quiet" if number else "head")
        return box

    def frame(self, box: Box, name: str) -> None:
        """A dashed line around what belongs together, named at its upper left."""
        self._parts.append(
            f'<rect class="frame" x="{box.left:g}" y="{box.top:g}" width="{box.right - box.left:g}" '
            f'height="{box.bottom - box.top:g}" rx="10"/>'
        )
        self.text(box.left + 10, box.top + 19, name, anchor="start")

    def text(
        self,
        x: float,
        y: float,
        said: str,
        style: Literal["head", "quiet", "said", "warn"] = "said",
        anchor: Literal["start", "middle", "end"] = "middle",
    ) -> None:
        """A line of text; y is where its letters stand. What is `said` is read across a line, too."""
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(f'<text class="{style}" x="{x:g}" y="{y:g}"{at}>{escape(said)}</text>')

    def arrow(self, *points: Point, said: str = "") -> None:
        """A line through points with a tip at the last. What is said stands above the middle of its first
        part, or beside it where that leads down.
        """
        path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
        self._parts.append(f'<path class="line" d="{path}" marker-end="url(#tip)"/>')
        if said:
            (x1, y1), (x2, y2) = points[:2]
            if x1 == x2:
                self.text(x1 + 8, (y1 + y2) / 2 + 5, said, anchor="start")
            else:
                self.text((x1 + x2) / 2, min(y1, y2) - 6, said)

    def life(self, x: float, top: float, bottom: float) -> None:
        """A lifeline: what happens to somebody, from above downwards."""
        self._parts.append(f'<path class="life" d="M{x:g} {top:g}V{bottom:g}"/>')

    def svg(self, height: float) -> str:
        """The drawing, `height` units high."""
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{_SHOWN}" '
                f'height="{height * _SHOWN / WIDTH:.0f}" font-family="system-ui, sans-serif" font-size="14" '
                'role="img">',
                f"<title>{escape(self._title)}</title>",
                f"<style>{_STYLE}</style>",
                '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
                'orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>',
                f'<rect class="paper" width="{WIDTH}" height="{height:g}" rx="10"/>',
                *self._parts,
                "</svg>\n",
            ]
        )
