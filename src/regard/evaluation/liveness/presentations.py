"""Presentations as a camera would record them: a face, or an artefact that shows one, lit by a screen.

A scene's pixel is the picture's own, in linear light, times one plus the screen's light that falls on it, in
units of the light that was there without. How much falls on it is what tells species apart:

* bona fide: `k` on the face, where it faces the camera, less on its sides and on what is behind it;
* a video that nothing lights, and one whose face was lit by another sequence;
* a matte print in a hand: the same on all of the print, hardly any behind it;
* a display: its picture isn't lit, but its glass mirrors a little of the screen's light over all of it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from regard.evaluation.liveness.camera import CameraTraits, SimulatedCamera, VideoEncoder, linear_light
from regard.evaluation.liveness.scenes import APPROACH, FAR, WAVES, CameraView, PortraitSource, Shape, views
from regard.vision.liveness.challenge import Challenge, Colour, draw_colours
from regard.vision.liveness.client_report import ClientReport, ShownColour
from regard.vision.pixels import Floats

HOLD, AFTER = 1.0, 0.4  # s before the colours and after them
_VIDEO_START = 1_700_000_000_000.0  # ms, the client's clock
_WIDEST_HAIR = (1.1, 1.8)  # its radius in half widths of the face
_PRINT, _BEHIND_PRINT = 0.9, 0.06  # of the screen's light, that falls on a print, and behind it
_GLASS = 0.05  # of the screen's light that a display's glass mirrors
_GREY = 0.18  # the mean linear light to which the glass's is related


class Species(StrEnum):
    """What is presented to the camera."""

    BONA_FIDE = "bona fide"
    UNLIT_VIDEO = "video without reflection"
    OTHER_SEQUENCE = "video lit by another sequence"
    MATTE_PRINT = "matte print in the hand"
    LIT_DISPLAY = "display with light on its glass"

    @property
    def shape(self) -> Shape:
        """What the screen's light falls on."""
        is_sheet = self in (Species.MATTE_PRINT, Species.LIT_DISPLAY)
        return Shape.SHEET if is_sheet else Shape.HEAD


ATTACKS = tuple(species for species in Species if species is not Species.BONA_FIDE)


@dataclass(frozen=True, slots=True)
class Presentation:
    """`k`: the screen's light on the face (or artefact) by the light that is there without it."""

    species: Species
    k: float


@dataclass(frozen=True, eq=False, slots=True)
class RenderedAttempt:
    """The file that the client would have sent, and what it would have said."""

    video: bytes
    report: ClientReport


def render(
    species: Species,
    source: PortraitSource,
    challenge: Challenge,
    *,
    k: float,
    seed: int,
    traits: CameraTraits | None = None,
    moves: bool = True,
) -> RenderedAttempt:
    """One attempt, as `render_together` makes it."""
    wanted = [Presentation(species, k)]
    (attempt,) = render_together(wanted, source, challenge, seed=seed, traits=traits, moves=moves)
    return attempt


def render_together(
    presentations: Sequence[Presentation],
    source: PortraitSource,
    challenge: Challenge,
    *,
    seed: int,
    traits: CameraTraits | None = None,
    moves: bool = True,
) -> list[RenderedAttempt]:
    """Attempts that differ in what is presented, and in nothing else: challenge, sway, camera and noise are
    the same, and what they have in common is rendered once.

    Each is what it would be by itself. `seed` draws sway, noise and another sequence. `moves`: whether the
    person comes from afar; else the video begins just before the colours, which is enough to measure light.
    """
    draws = random.Random(seed)  # noqa: S311 - a simulation
    before = FAR + APPROACH + HOLD if moves else HOLD
    report = _report(challenge, before * 1000)
    delay, hair = draws.uniform(60, 220), draws.uniform(*_WIDEST_HAIR)
    phases = [draws.uniform(0, 2 * np.pi) for _ in range(WAVES)]
    sent = _ScreenLight(report, challenge.colours, delay)
    other = _ScreenLight(report, _other_colours(challenge, draws), delay)
    takes = [
        _Take(one, other if one.species is Species.OTHER_SEQUENCE else sent, source, challenge, traits, seed)
        for one in presentations
    ]
    colours = sum(one.flat_ms + one.scroll_ms for one in challenge.colours[1:]) / 1000
    shapes = sorted({one.species.shape for one in presentations}, key=lambda shape: shape.value)
    for view in views(
        source,
        challenge,
        shapes,
        seconds=before + colours + AFTER,
        hair=hair,
        phases=phases,
        moves=moves,
    ):
        for take in takes:
            take.add(view)
    return [RenderedAttempt(take.video.finish(), report) for take in takes]


def _report(challenge: Challenge, begin: float) -> ClientReport:
    """What the component says: each colour but the first scrolls, then is alone."""
    events: list[ShownColour] = []
    at = _VIDEO_START + begin
    colours = challenge.colours
    for number in range(1, len(colours)):
        colour, before = colours[number], colours[number - 1]
        events.append(ShownColour(number, colour.rgb, before.rgb, at, at))
        flat = at + colour.scroll_ms
        events.append(ShownColour(number, colour.rgb, colour.rgb, flat, flat))
        at += colour.scroll_ms + colour.flat_ms
    return ClientReport(_VIDEO_START, at + AFTER * 1000, colours=tuple(events))


def _other_colours(challenge: Challenge, draws: random.Random) -> tuple[Colour, ...]:
    other = draw_colours(draws)
    while challenge.colours and [one.rgb for one in other] == [one.rgb for one in challenge.colours]:
        other = draw_colours(draws)
    return other


class _ScreenLight:
    """The screen's mean linear colour over the video's time, `delay` ms late, as the camera sees it."""

    def __init__(self, report: ClientReport, colours: Sequence[Colour], delay: float) -> None:
        self._events = [(one.started - _VIDEO_START + delay, one) for one in report.colours]
        self._rgbs = np.array([one.rgb for one in colours], np.float32) / 255
        end = (report.video_end or 0.0) - _VIDEO_START - AFTER * 1000 + delay
        self._ends = [*(start for start, _ in self._events[1:]), end]

    def at(self, time: float) -> Floats:
        """(3,), at `time` ms of the video."""
        for (start, one), end in zip(self._events, self._ends, strict=True):
            if start <= time < end:
                now = self._rgbs[one.number]
                if one.current == one.previous:
                    return np.asarray(now, np.float32)
                part = np.float32((time - start) / max(end - start, 1))
                return np.asarray(part * now + (1 - part) * self._rgbs[one.number - 1], np.float32)
        return np.zeros(3, np.float32)


class _Take:
    """One presentation before a camera of its own, which records it."""

    def __init__(
        self,
        presentation: Presentation,
        screen: _ScreenLight,
        source: PortraitSource,
        challenge: Challenge,
        traits: CameraTraits | None,
        seed: int,
    ) -> None:
        self._presentation, self._screen = presentation, screen
        self._glass = np.float32(_GLASS * presentation.k * float(linear_light(source.pixels).mean()) / _GREY)
        self._camera = SimulatedCamera(traits or CameraTraits(), seed)
        self.video = VideoEncoder(challenge.video_width, challenge.video_height)

    def add(self, view: CameraView) -> None:
        """Records what the camera has before it."""
        self.video.add(self._camera.take(self._lit(view, self._screen.at(view.time * 1000))))

    def _lit(self, view: CameraView, screen: Floats) -> Floats:
        """Linear light (3, H, W), of the caller's own, where the screen shows `screen` (3,)."""
        species, k = self._presentation.species, np.float32(self._presentation.k)
        if species is Species.UNLIT_VIDEO:
            return view.light.copy()
        share = view.shares[species.shape]
        if species is Species.LIT_DISPLAY:
            mirrored = self._glass * share
            return np.stack(
                [light + mirrored * colour for light, colour in zip(view.light, screen, strict=True)]
            )
        if species is Species.MATTE_PRINT:
            share = share * np.float32(_PRINT - _BEHIND_PRINT) + np.float32(_BEHIND_PRINT)
        return _brightened(view.light, k * share, screen)


def _brightened(light: Floats, share: Floats, screen: Floats) -> Floats:
    """`light` (3, H, W) times one plus the `share` (H, W) that it has of `screen` (3,)."""
    lit = np.empty_like(light)
    for plane, own, colour in zip(lit, light, screen, strict=True):
        np.multiply(share, colour, out=plane)
        plane += 1
        plane *= own
    return lit
