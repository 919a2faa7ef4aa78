"""Regions of text cut out as strips of one height, the way they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from regard.vision.pixels import Copies, Floats, Pixels
from regard.vision.text.quads import map_from, size_of

HEIGHT = 48  # px, of the reading network
MAX_WIDTH = 4800  # px: 100 times the height; longer regions are squeezed
MIN_WIDTH = 16
BATCH_WIDTH = 6144  # px, of all strips of a batch together: its answer is 57 MB
BATCH = 16


def cut(copies: Copies, quad: Floats) -> Pixels:
    """The strip (48, width, 3), uint8, RGB, that shows `quad` (4, 2) upright, in its own proportions."""
    width, height = size_of(quad)
    across = int(np.clip(round(HEIGHT * width / max(height, 1.0)), MIN_WIDTH, MAX_WIDTH))
    return copies.strip(map_from(quad, across, HEIGHT), across, HEIGHT)


def batches(widths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of strips of like width, the narrowest first, as many as a batch may hold."""
    batch: list[int] = []
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        if batch and (len(batch) == BATCH or (len(batch) + 1) * widths[index] > BATCH_WIDTH):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def stacked(strips: Sequence[Pixels], width: int) -> Floats:
    """A batch (N, 3, 48, width), BGR, −1 to 1, with zeros to the right of narrower strips."""
    feed = np.zeros((len(strips), 3, HEIGHT, width), np.float32)
    for into, strip in zip(feed, strips, strict=True):
        part = into[:, :, : strip.shape[1]]
        part[...] = strip[:, :, ::-1].transpose(2, 0, 1)
        part *= 1 / 127.5
        part -= 1
    return feed
