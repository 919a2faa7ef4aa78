"""What the client says of an attempt. It proves nothing by itself: times are held to their arrival, colours
to the challenge, and everything else is measured in the video."""

from __future__ import annotations

from dataclasses import dataclass

from regard.vision.geometry import Box
from regard.vision.liveness.challenge import Challenge, Rgb

MAX_DRIFT = 2_000.0  # ms between a time that the client states and the arrival of what states it


@dataclass(frozen=True, slots=True)
class ShownColour:
    """A change of the screen: `current` scrolls down over `previous`, or is alone where both are the same.

    `number`: the colour's place in the challenge. `started`: ms by the client's clock; `arrived`: ms by ours.
    """

    number: int
    current: Rgb
    previous: Rgb
    started: float
    arrived: float


@dataclass(frozen=True, slots=True)
class ClientReport:
    """`video_start` and `video_end`: ms by the client's clock, None where it said none. `initial_face`,
    `target_face`: fractions of the unmirrored video's sides."""

    video_start: float | None
    video_end: float | None = None
    initial_face: Box | None = None
    target_face: Box | None = None
    colours: tuple[ShownColour, ...] = ()

    def is_echo_of(self, challenge: Challenge) -> bool:
        """Whether it names the challenge's colours in their order, each at a time that fits its arrival.

        The two clocks may differ: what counts is how far they differ more or less than at other events.
        """
        if self.video_start is None:
            return False
        if not challenge.colours:
            return not self.colours
        order: list[int] = []
        for shown in self.colours:
            if not 0 <= shown.number < len(challenge.colours):
                return False
            if shown.current != challenge.colours[shown.number].rgb:
                return False
            if not order or order[-1] != shown.number:
                order.append(shown.number)
        # The first colour is shown for no time; a client may say nothing of it.
        if order[-(len(challenge.colours) - 1) :] != list(range(1, len(challenge.colours))):
            return False
        starts = [shown.started for shown in self.colours]
        drifts = [shown.arrived - shown.started for shown in self.colours]
        return starts == sorted(starts) and max(drifts) - min(drifts) <= MAX_DRIFT
