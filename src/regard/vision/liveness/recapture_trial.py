"""A network against recaptures tried on plain pictures: a wrong description is told before any check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from regard.vision.geometry import Box
from regard.vision.liveness.recapture import NetworkUnfit, RecaptureAdapter, class_numbers, live_probability
from regard.vision.session import OwnNetwork

_GREYS: Final = (32, 128, 224)
_SIDE: Final = 64  # px
_ONE: Final = 1e-4
"""Within which probabilities add up to 1; logits may by accident, but hardly of three pictures."""


def try_network(adapter: RecaptureAdapter) -> None:
    """Runs the network on a dark, a middle and a light grey. Raises NetworkUnfit, with a sentence that says
    what of its description is wrong, and OSError where its file can't be read.
    """
    try:
        network = OwnNetwork(adapter.network.read_bytes())
    except ValueError as error:
        raise NetworkUnfit(str(error)) from error
    seen = []
    for grey in _GREYS:
        picture = np.full((_SIDE, _SIDE, 3), grey, np.uint8)
        taken = adapter.input_of(picture, Box(_SIDE / 4, _SIDE / 4, _SIDE / 2, _SIDE / 2))
        try:
            [answer, *_] = network.run({adapter.input: taken})
        except ValueError as error:
            raise NetworkUnfit(
                f"The network takes {_inputs(network)}; by its description it would be given "
                f"{adapter.input!r} of {_shape(taken.shape)}."
            ) from error
        live_probability(answer, adapter)
        seen.append(class_numbers(answer))
    if not adapter.is_softmax:
        return
    if len(seen[0]) == 1:
        raise NetworkUnfit("The network answers one number, whose softmax is always 1; say softmax = false.")
    if all(min(values) >= 0 and abs(sum(values) - 1) < _ONE for values in seen):
        raise NetworkUnfit("The network answers probabilities already; say softmax = false.")


def _inputs(network: OwnNetwork) -> str:
    return ", ".join(f"{name!r} of {_shape(shape)}" for name, shape in network.inputs.items())


def _shape(sides: Sequence[int | str | None]) -> str:
    return " × ".join("any" if not isinstance(side, int) else str(side) for side in sides)
