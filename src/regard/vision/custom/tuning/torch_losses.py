"""What boxes are fine-tuned by: a focal loss of heat maps, and generalised IoU of boxes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SIDES = 2.0  # how much boxes count, beside the heat map
_LENGTHS = 0.2  # of it, the part of lengths themselves, which leads boxes that don't touch to each other
_SMALLEST = 1.0  # px, of a distance


def focal_loss(logits: Tensor, heat: Tensor) -> Tensor:
    """The mean over boxes of the focal loss of CenterNet (Zhou et al. 2019, equation 1; α = 2, β = 4), for
    logits and heat maps (N, L, G, G).
    """
    is_middle = heat >= 1
    said = torch.sigmoid(logits)
    found = functional.logsigmoid(logits) * (1 - said) ** 2
    rest = functional.logsigmoid(-logits) * said**2 * (1 - heat) ** 4
    return -torch.where(is_middle, found, rest).sum() / is_middle.sum().clamp(min=1)


def side_loss(sides: Tensor, distances: Tensor, weights: Tensor) -> Tensor:
    """The weighted mean of 1 − GIoU (Rezatofighi et al. 2019) of boxes given by the distances of their sides,
    (N, 4, G, G), of one place, and of how far these are off, in lengths of the box. `weights`: (N, G, G).
    """
    is_near = weights > 0
    said, true = sides.movedim(1, -1)[is_near], distances.movedim(1, -1)[is_near].clamp(min=_SMALLEST)
    kept = weights[is_near]
    positive = said.clamp(min=_SMALLEST)
    common = torch.minimum(positive, true)
    around = torch.maximum(positive, true)
    shared = (common[:, 0] + common[:, 2]) * (common[:, 1] + common[:, 3])
    areas = [(one[:, 0] + one[:, 2]) * (one[:, 1] + one[:, 3]) for one in (positive, true, around)]
    union = areas[0] + areas[1] - shared
    giou = shared / union - (areas[2] - union) / areas[2]
    lengths = torch.stack([true[:, 0] + true[:, 2], true[:, 1] + true[:, 3]] * 2, 1)
    off = functional.smooth_l1_loss(said / lengths, true / lengths, reduction="none", beta=0.1).sum(1)
    return ((1 - giou + _LENGTHS * off) * kept).sum() / kept.sum().clamp(min=1)


def box_loss(logits: Tensor, sides: Tensor, heat: Tensor, distances: Tensor, weights: Tensor) -> Tensor:
    """Both, of a batch."""
    return focal_loss(logits, heat) + _SIDES * side_loss(sides, distances, weights)
