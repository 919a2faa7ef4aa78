"""How a shadow was asked to be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShadowOptions:
    """`share` of the requests, 0 to 1, is compared. `answers` says that clients are answered by the other
    service where it can be asked; `keep_disagreements`, that digests of pictures are kept on which the two
    disagree.
    """

    share: float
    answers: bool = False
    keep_disagreements: bool = False
