"""Lines in the order in which somebody reads them, those that go on behind a gap put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.vision.text.text import Line


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Row by row from the top; in a row from the left."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=_middle):
        if rows and abs(_middle(line) - _middle(rows[-1][-1])) < 0.5 * min(
            _extent(line), _extent(rows[-1][-1])
        ):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: float(line.quad[:, 0].min()))]


def _middle(line: Line) -> float:
    return float(line.quad[:, 1].mean())


def _extent(line: Line) -> float:
    return float(np.ptp(line.quad[:, 1]))
