"""MTCNN's cascade: proposals on a pyramid (PNet), refined (RNet), and given landmarks (ONet).

Zhang et al., "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", 2016.
The box arithmetic is that of the PyPI package `mtcnn` 1.0.0, whose weights these are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import nested, nms, nms_nested, squares
from regard.vision.pixels import GREY, Copies, Floats, Pixels, resize
from regard.vision.runner import Runner

CELL = 12  # px, the window of a PNet cell
STEP = 0.6  # between levels of the pyramid; the package's .709 finds no more, and costs a third more
PROPOSALS = 2_000  # candidates that RNet sees at most, best first: bounds the work on textures
# What the networks make of more at once outgrows the caches: px that PNet sees, and crops of the others.
STRIP = 36_000
BATCHES = {"mtcnn-rnet": 16, "mtcnn-onet": 4}


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


# Probabilities after PNet, RNet and ONet.
THRESHOLDS = (logit(0.75), logit(0.8), logit(0.9))
# RNet's logit, and the same when it sees them twice, of faces that must be proved. Lower ones hardly gain,
# and a lower threshold of PNet gains nothing.
FAINT = (-0.3, 0.3)
APART = 0.4  # IoU from which two of those are one
STRONG = 5.0  # logit from which a face needs no second opinion


@dataclass(frozen=True, eq=False, slots=True)
class FaceCandidates:
    """`boxes` (N, 4) left, top, right, bottom; `logits` (N,); `landmarks` (N, 5, 2); float32, px."""

    boxes: Floats
    logits: Floats
    landmarks: Floats

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> FaceCandidates:
        return FaceCandidates(self.boxes[which], self.logits[which], self.landmarks[which])

    def replaced(self, which: NDArray[np.intp], others: FaceCandidates) -> FaceCandidates:
        """A copy with `others` in the places `which`."""
        result = FaceCandidates(self.boxes.copy(), self.logits.copy(), self.landmarks.copy())
        result.boxes[which], result.logits[which] = others.boxes, others.logits
        result.landmarks[which] = others.landmarks
        return result

    def among(self, others: FaceCandidates) -> NDArray[np.bool_]:
        """Which of these (N,) are among `others`, the very same."""
        mine, theirs = (
            np.column_stack([faces.boxes, faces.logits, faces.landmarks.reshape(-1, 10)])
            for faces in (self, others)
        )
        return np.asarray((mine[:, None] == theirs).all(2).any(1))

    @staticmethod
    def none() -> FaceCandidates:
        return FaceCandidates(*(np.zeros((0, *shape), np.float32) for shape in ((4,), (), (5, 2))))

    @staticmethod
    def join(parts: list[FaceCandidates]) -> FaceCandidates:
        parts = [FaceCandidates.none(), *parts]
        return FaceCandidates(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.logits for part in parts]),
            np.concatenate([part.landmarks for part in parts]),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Leads:
    """What the cascade let go, and may be faces: `boxes` (N, 4) that RNet turned down, and its `logits` (N,);
    `failed`: what ONet did.
    """

    boxes: Floats
    logits: Floats
    failed: FaceCandidates


def pyramid(copies: Copies, min_face: float) -> Iterator[tuple[Pixels, NDArray[np.float64]]]:
    """The picture at falling sizes, and their px by picture px, across and down."""
    height, width = copies.shape
    scale = CELL / min_face
    level: Pixels | None = None
    while min(height, width) * scale >= CELL:
        size = max(CELL, round(width * scale)), max(CELL, round(height * scale))
        level = copies.shrunk(*size) if level is None else resize(level, *size)
        yield level, np.array(size) / (width, height)
        scale *= STEP


def strips(level: Pixels) -> Iterator[tuple[int, Pixels]]:
    """A level of the pyramid, (H, W, 3), in strips that share as many rows as PNet needs to give the cells
    of the whole; the first row of each, which is even.
    """
    height, width = level.shape[:2]
    shared = CELL - 2
    rows = max(4 * CELL, STRIP // width // 2 * 2)
    for top in range(0, max(1, height - shared), rows - shared):
        yield top, level[top : top + rows]


def cut_boxes(copies: Copies, boxes: Floats, side: int, rolls: Floats | None = None) -> Pixels:
    """(N, side, side, 3): boxes (N, 4), from corner to corner, turned upright by `rolls` (N,), radians."""
    corners = boxes.astype(np.float64)
    angles = np.zeros(len(boxes)) if rolls is None else rolls.astype(np.float64)
    cos, sin = np.cos(angles), np.sin(angles)
    maps = np.empty((len(boxes), 2, 3))
    turn = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1)
    maps[:, :, :2] = turn * ((corners[:, 2:] - corners[:, :2]) / (side - 1))[:, None]
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    maps[:, :, 2] = middle - maps[:, :, :2].sum(2) * ((side - 1) / 2)
    return copies.cut(maps, side, outside=GREY)


class Mtcnn:
    networks = ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet")

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def detect(self, copies: Copies, min_face: float) -> tuple[FaceCandidates, Leads]:
        """Faces of about `min_face` px and more in the picture that `copies` holds, best first, and what else
        may be one.
        """
        refined, passed = self._refine(copies, self._propose(copies, min_face))
        good = passed > THRESHOLDS[1]
        boxes = refined[good][nms(refined[good], passed[good], 0.7)]
        seen = self.landmark(copies, squares(boxes))
        found = seen.take(seen.logits > THRESHOLDS[2])
        leads = Leads(refined[~good], passed[~good], seen.take(seen.logits <= THRESHOLDS[2]))
        return found.take(nms_nested(found.boxes, found.logits, 0.7)), leads

    def follow(self, copies: Copies, leads: Leads, found: FaceCandidates) -> FaceCandidates:
        """Faint faces beside those `found`: what RNet all but passes, mirrored too, with ONet's logits."""
        kept = np.flatnonzero((leads.logits > FAINT[0]) & ~nested(leads.boxes, found.boxes))
        if not len(kept):
            return leads.failed.take(~nested(leads.failed.boxes, found.boxes))
        kept = kept[nms(leads.boxes[kept], leads.logits[kept], APART)]
        boxes = squares(leads.boxes[kept])
        mirrored = self.rescore(copies, boxes, np.zeros(len(boxes), np.float32), mirrored=True)
        faint = self.landmark(copies, boxes[mirrored + leads.logits[kept] / 4 > FAINT[1]])
        faint = FaceCandidates.join([leads.failed, faint])
        return faint.take(~nested(faint.boxes, found.boxes))

    def landmark(self, copies: Copies, boxes: Floats) -> FaceCandidates:
        """ONet on square boxes (N, 4), without a threshold."""
        if not len(boxes):
            return FaceCandidates.none()
        offsets, landmarks, logits = self._read("mtcnn-onet", cut_boxes(copies, boxes, 48))
        sides = _sides(boxes)
        corners = boxes[:, None, :2] + landmarks * sides[:, None, :2] - 1
        return FaceCandidates(boxes + offsets * sides, logits, corners.astype(np.float32))

    def landmark_turned(
        self, copies: Copies, boxes: Floats, rolls: Floats, *, mirrored: bool = False
    ) -> FaceCandidates:
        """ONet on square boxes turned by `rolls` (N,), radians; the answer in the picture's own frame.

        A turned face is taken for an ellipse, and its box is the ellipse's.
        """
        cuts = cut_boxes(copies, boxes, 48, rolls)
        answers = self._read("mtcnn-onet", cuts[:, :, ::-1] if mirrored else cuts)
        return _turned(boxes, rolls, *(_unmirrored(boxes, *answers) if mirrored else answers))

    def landmark_both(
        self, copies: Copies, boxes: Floats, rolls: Floats
    ) -> tuple[FaceCandidates, FaceCandidates]:
        """`landmark_turned` as they are, and mirrored."""
        answers = self._read("mtcnn-onet", _both(cut_boxes(copies, boxes, 48, rolls)))
        count = len(boxes)
        plain, mirrored = ([part[rows] for part in answers] for rows in (slice(count), slice(count, None)))
        return _turned(boxes, rolls, *plain), _turned(boxes, rolls, *_unmirrored(boxes, *mirrored))

    def _propose(self, copies: Copies, min_face: float) -> Floats:
        """PNet on every level: square boxes (N, 4), best first."""
        boxes, logits = [], []
        for level, scale in pyramid(copies, min_face):
            window, values = self._cells(level)
            kept = nms(window, values, 0.5)
            boxes.append(window[kept] / np.tile(scale, 2))
            logits.append(values[kept])
        if not boxes:
            return np.zeros((0, 4), np.float32)
        every, values = np.concatenate(boxes), np.concatenate(logits)
        kept = nms(every, values, 0.7)[:PROPOSALS]
        return squares(every[kept]).astype(np.float32)

    def _cells(self, level: Pixels) -> tuple[Floats, Floats]:
        """Boxes (N, 4), px of the level, and logits (N,) of PNet's cells that may hold a face."""
        boxes, logits = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
        for top, strip in strips(level):
            cells, offsets = self._run("mtcnn-pnet", strip[None])
            rows, columns = np.divmod(np.flatnonzero(cells[0] > THRESHOLDS[0]), cells.shape[2])
            corner = np.stack([columns, rows + top // 2], -1).astype(np.float32) * 2 + 1
            window = np.concatenate([corner, corner + (CELL - 1)], 1)
            boxes.append(window + offsets[0, rows, columns] * (CELL - 1))
            logits.append(cells[0, rows, columns])
        return np.concatenate(boxes), np.concatenate(logits)

    def _refine(self, copies: Copies, boxes: Floats) -> tuple[Floats, Floats]:
        """RNet on square boxes (N, 4): boxes moved, no longer square, and logits (N,)."""
        offsets, logits = self._read("mtcnn-rnet", cut_boxes(copies, boxes, 24))
        return boxes + offsets * _sides(boxes), logits

    def rescore(self, copies: Copies, boxes: Floats, rolls: Floats, *, mirrored: bool = False) -> Floats:
        """RNet's logits (N,) of square boxes turned by `rolls` (N,), radians."""
        cuts = cut_boxes(copies, boxes, 24, rolls)
        return self._read("mtcnn-rnet", cuts[:, :, ::-1] if mirrored else cuts)[1]

    def rescore_both(self, copies: Copies, boxes: Floats, rolls: Floats) -> tuple[Floats, Floats]:
        """`rescore` as they are, and mirrored."""
        logits = self._read("mtcnn-rnet", _both(cut_boxes(copies, boxes, 24, rolls)))[1]
        return logits[: len(boxes)], logits[len(boxes) :]

    def _read(self, name: str, cuts: Pixels) -> list[Floats]:
        """What RNet or ONet says of crops (N, side, side, 3)."""
        size = BATCHES[name]
        parts = [self._run(name, cuts[begin : begin + size]) for begin in range(0, max(1, len(cuts)), size)]
        return parts[0] if len(parts) == 1 else [np.concatenate(every) for every in zip(*parts, strict=True)]

    def _run(self, name: str, pixels: Pixels) -> list[Floats]:
        return self._runner.run(name, {"input": np.ascontiguousarray(pixels)})


def _sides(boxes: Floats) -> Floats:
    """(N, 4): width + 1, height + 1, twice, as the package counts pixels."""
    return np.tile(boxes[:, 2:] - boxes[:, :2] + 1, 2)


def _both(cuts: Pixels) -> Pixels:
    """(2 N, side, side, 3): the crops (N, side, side, 3) as they are, then mirrored."""
    return np.concatenate([cuts, cuts[:, :, ::-1]])


def _unmirrored(
    boxes: Floats, offsets: Floats, landmarks: Floats, logits: Floats
) -> tuple[Floats, Floats, Floats]:
    """What ONet says of mirrored crops of `boxes` (N, 4), as it would say it of the crops themselves."""
    landmarks = landmarks[:, [1, 0, 2, 4, 3]]
    landmarks[..., 0] = 1 + 1 / _sides(boxes)[:, :1] - landmarks[..., 0]
    return offsets[:, [2, 1, 0, 3]] * np.array([-1, 1, -1, 1], np.float32), landmarks, logits


def _turned(
    boxes: Floats, rolls: Floats, offsets: Floats, landmarks: Floats, logits: Floats
) -> FaceCandidates:
    """What ONet says of crops of square boxes (N, 4) turned by `rolls` (N,), in the picture's own frame."""
    sides, centre = _sides(boxes), (boxes[:, :2] + boxes[:, 2:]) / 2
    cos, sin = np.cos(rolls), np.sin(rolls)
    turn = np.array([[cos, sin], [-sin, cos]]).transpose(2, 0, 1)  # rows of x and y times this are turned
    upright = boxes + offsets * sides
    middle = (upright[:, None, :2] + upright[:, None, 2:]) / 2 - centre[:, None]
    half = (upright[:, None, 2:] - upright[:, None, :2]) / 2
    middle = (middle @ turn)[:, 0] + centre
    half = np.sqrt(half**2 @ turn**2)[:, 0]
    points = boxes[:, None, :2] + landmarks * sides[:, None, :2] - 1 - centre[:, None]
    points = points @ turn + centre[:, None]
    corners = np.concatenate([middle - half, middle + half], 1).astype(np.float32)
    return FaceCandidates(corners, logits, points.astype(np.float32))
