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
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.evaluation.liveness.camera import RATE, CameraTraits, SimulatedCamera, encode_video, linear_light
from regard.vision.geometry import Box
from regard.vision.liveness.challenge import Challenge, draw_colours
from regard.vision.liveness.client_report import ClientReport, ShownColour
from regard.vision.pixels import Floats, Pixels

FAR, APPROACH, HOLD, AFTER = 1.6, 1.8, 1.0, 0.4  # s of the movement and around the colours
_VIDEO_START = 1_700_000_000_000.0  # ms, the client's clock
_BEHIND = 0.12  # of the light on the face, that falls on what is behind it
_HAIR, _WIDEST_HAIR = 0.5, (1.1, 1.8)  # the same on hair, and its radius in half widths of the face
_PRINT, _BEHIND_PRINT = 0.9, 0.06  # the same on a print, and behind it
_GLASS = 0.05  # of the screen's light that a display's glass mirrors


class Species(StrEnum):
    """What is presented to the camera."""

    BONA_FIDE = "bona fide"
    UNLIT_VIDEO = "video without reflection"
    OTHER_SEQUENCE = "video lit by another sequence"
    MATTE_PRINT = "matte print in the hand"
    LIT_DISPLAY = "display with light on its glass"


ATTACKS = tuple(species for species in Species if species is not Species.BONA_FIDE)


@dataclass(frozen=True, eq=False, slots=True)
class PortraitSource:
    """A picture (H, W, 3), uint8, RGB, of one face, and the `box` of its mesh, px."""

    pixels: Pixels
    box: Box


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
    """One attempt. `k`: the screen's light on the face (or artefact) by the light that is there without it.
    `seed` draws sway, noise and another sequence. `moves`: whether the person comes from afar; else the
    video begins just before the colours, which is enough to measure light."""
    draws = random.Random(seed)  # noqa: S311 - a simulation
    begin = (FAR + APPROACH + HOLD if moves else HOLD) * 1000
    report = _report(challenge, begin)
    lit = challenge.colours
    if species is Species.OTHER_SEQUENCE:
        other = draw_colours(draws)
        while [one.rgb for one in other] == [one.rgb for one in lit]:
            other = draw_colours(draws)
        lit = other
    shown = _ScreenLight(report, [colour.rgb for colour in lit], draws.uniform(60, 220))
    camera = SimulatedCamera(traits or CameraTraits(), seed)
    scenes = _scenes(species, source, challenge, shown, k, draws, moves=moves)
    return RenderedAttempt(encode_video(camera.take(scene) for scene in scenes), report)


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


class _ScreenLight:
    """The screen's mean linear colour over the video's time, `delay` ms late, as the camera sees it."""

    def __init__(self, report: ClientReport, rgbs: list[tuple[int, int, int]], delay: float) -> None:
        self._events = [(one.started - _VIDEO_START + delay, one) for one in report.colours]
        self._rgbs = np.array(rgbs, np.float32) / 255
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


def _scenes(
    species: Species,
    source: PortraitSource,
    challenge: Challenge,
    shown: _ScreenLight,
    k: float,
    draws: random.Random,
    *,
    moves: bool,
) -> Iterator[Floats]:
    """Linear light (H, W, 3) of each frame."""
    width, height = challenge.video_width, challenge.video_height
    light = linear_light(source.pixels)
    falls = _falls_on(species, source, draws.uniform(*_WIDEST_HAIR))
    colours = sum(one.flat_ms + one.scroll_ms for one in challenge.colours[1:]) / 1000
    before = FAR + APPROACH + HOLD if moves else HOLD
    phases = [draws.uniform(0, 2 * np.pi) for _ in range(6)]
    for number in range(round((before + colours + AFTER) * RATE)):
        time = number / RATE
        nearness = np.clip((time - FAR) / APPROACH, 0, 1) if moves else 1.0
        placed = _placement(source, challenge, float(nearness), time, phases)
        picture = _warped(light, placed, width, height)
        share = _warped(falls, placed, width, height)[..., None]
        screen = shown.at(time * 1000)
        if species is Species.LIT_DISPLAY:
            yield picture + np.float32(_GLASS * k * float(light.mean()) / 0.18) * share * screen
        elif species is Species.UNLIT_VIDEO:
            yield picture
        else:
            yield picture * (1 + np.float32(k) * share * screen)


def _placement(
    source: PortraitSource, challenge: Challenge, nearness: float, time: float, phases: list[float]
) -> NDArray[np.float64]:
    """The map (2, 3) from pixels of the video to the picture's, with the sway of a held head."""
    oval = challenge.oval
    near = 0.78 * oval.height / (1.25 * source.box.height)
    scale = near * (0.52 + 0.48 * nearness)
    sway = [np.sin(2 * np.pi * (0.31 + 0.23 * at) * time + phase) for at, phase in enumerate(phases)]
    scale *= 1 + 0.006 * float(sway[0])
    middle_x = (
        source.box.left + source.box.width / 2 + 0.010 * source.box.width * float(sway[1] + sway[2] / 2)
    )
    middle_y = source.box.top + source.box.height * 0.42 + 0.006 * source.box.width * float(sway[3])
    turn = np.radians(0.8 * float(sway[4]))
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / scale
    shift = np.array([middle_x, middle_y]) - linear @ np.array([oval.center_x, oval.center_y])
    return np.column_stack([linear, shift])


def _falls_on(species: Species, source: PortraitSource, hair: float) -> Floats:
    """(H, W), 0 to 1: how much of the screen's light falls on each place of the picture, with hair of the
    radius `hair` in half widths of the face."""
    height, width = source.pixels.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    box = source.box
    across = (columns - (box.left + box.width / 2)) / (box.width / 2)
    down = (rows - (box.top + box.height * 0.42)) / (box.height * 0.65)
    distance = across**2 + down**2
    if species in (Species.MATTE_PRINT, Species.LIT_DISPLAY):
        inside = (np.abs(across) < 1.9) & (np.abs(down) < 1.7)
        back = _BEHIND_PRINT if species is Species.MATTE_PRINT else 0.0
        front = _PRINT if species is Species.MATTE_PRINT else 1.0
        return _blurred(np.where(inside, front, back), 1.5)
    curved = np.sqrt(np.clip(1 - 0.8 * distance, 0.15, 1))  # a head turns away from the screen at its sides
    behind = np.where(distance < hair**2, _HAIR, _BEHIND)
    body = (down > 1) & (np.abs(across) < 1.9)
    falls = np.where(distance < 1.15, curved, np.where(body, 0.35, behind))
    return _blurred(falls, max(1.0, box.width / 40))


def _blurred(values: NDArray[np.float64], sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(values.astype(np.float32), (0, 0), sigma), np.float32)


def _warped(values: Floats, placed: NDArray[np.float64], width: int, height: int) -> Floats:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(values, placed, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )
