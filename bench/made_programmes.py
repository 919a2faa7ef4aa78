"""Random programmes of which every technical cue is known: bars, slate, logo, titles, content, credits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.made_clips import Made as Shots
from bench.made_clips import Picture, blend, grained, join, shot_of

Box = tuple[float, float, float, float]  # left, top, width, height, in parts of the frame
_NAMES = [
    *("ALVAREZ", "BAKER", "CHEN", "DIALLO", "EKLUND", "FERRARI", "GUPTA"),
    *("HANSEN", "IVANOVA", "JONES", "KIM", "LINDQVIST", "MOREAU", "NAKAMURA"),
]
_ROLES = [
    *("Director", "Producer", "Editor", "Camera", "Music by", "Sound"),
    *("Costumes", "Written by", "Cast", "Gaffer", "Grip", "Stunts"),
]


@dataclass(slots=True)
class Page:
    """A picture and the lines of text in it."""

    picture: Picture
    lines: list[Box] = field(default_factory=list)


@dataclass(slots=True)
class Programme:
    pages: list[Page] = field(default_factory=list)
    cues: list[tuple[str, int, int]] = field(default_factory=list)  # kind, first and last frame

    def add(self, kind: str, pages: Sequence[Page]) -> None:
        """Appends frames; `kind` is that of their cue, or nothing."""
        if not pages:
            return
        first = len(self.pages)
        self.pages += pages
        if kind:
            self.cues.append((kind, first, first + len(pages) - 1))


def write(
    page: Page, lines: Sequence[tuple[str, float, float, float, str]], ink: tuple[int, int, int]
) -> Page:
    """The page with lines: what each says, its place and height in parts of the frame, its anchor."""
    high, wide = page.picture.shape[:2]
    image = Image.fromarray(page.picture)
    pen = ImageDraw.Draw(image)
    boxes = list(page.lines)
    for text, x, y, size, anchor in lines:
        font = ImageFont.load_default(size=max(6, round(size * high)))
        left, top, right, bottom = pen.textbbox((x * wide, y * high), text, font=font, anchor=anchor)
        if bottom < 0 or top > high:
            continue
        pen.text((x * wide, y * high), text, font=font, fill=ink, anchor=anchor)
        boxes.append((left / wide, top / high, (right - left) / wide, (bottom - top) / high))
    return Page(np.asarray(image), boxes)


def bars(random: np.random.Generator, size: tuple[int, int], length: int) -> list[Page]:
    """SMPTE, EBU or ARIB bars, at 75 or 100 per cent, with the noise of a tape or none."""
    width, height = size
    level = int(random.choice([191, 255]))
    codes = ["111", "110", "011", "010", "101", "100", "001"]
    kind = random.choice(["smpte", "ebu", "arib"])
    if kind == "ebu":
        codes.append("000")
    picture = np.zeros((height, width, 3), np.uint8)
    left, right = (width // 8, width - width // 8) if kind == "arib" else (0, width)
    picture[:, :] = 104
    for number, code in enumerate(codes):
        x0, x1 = (left + (right - left) * n // len(codes) for n in (number, number + 1))
        picture[:, x0:x1] = [level * int(bit) for bit in code]
    if kind != "ebu":
        picture[height * 2 // 3 : height * 3 // 4] = picture[height * 2 // 3 : height * 3 // 4, ::-1] // 2
        picture[height * 3 // 4 :] = 16
        picture[height * 3 // 4 :, width // 6 : width // 3] = 240
    noise = grained(random, [picture] * length, float(random.choice([0, 3, 8])))
    return [Page(shown) for shown in noise]


def slate(random: np.random.Generator, size: tuple[int, int], length: int) -> list[Page]:
    dark = random.random() < 0.7
    ground = random.integers(0, 60, 3) if dark else random.integers(190, 255, 3)
    page = Page(np.full((size[1], size[0], 3), ground, np.uint8))
    rows = [
        f"TITLE: {random.choice(_NAMES)} {random.integers(1, 90)}",
        f"EPISODE: {random.integers(1, 24)}",
        f"DURATION: 00:{random.integers(10, 59)}:{random.integers(10, 59)}",
        f"DATE: 20{random.integers(10, 27)}-0{random.integers(1, 9)}-{random.integers(10, 28)}",
        "AUDIO: STEREO 5.1",
        f"FORMAT: 1080i{random.integers(25, 60)}",
        f"CLIENT: {random.choice(_NAMES)} FILMS",
    ]
    rows = rows[: random.integers(4, 8)]
    left, top, size_of = random.uniform(0.08, 0.3), random.uniform(0.12, 0.25), random.uniform(0.05, 0.075)
    lines = [(row, left, top + 1.5 * size_of * n, size_of, "lt") for n, row in enumerate(rows)]
    return [write(page, lines, (235, 235, 235) if dark else (20, 20, 30))] * length


def logo(random: np.random.Generator, size: tuple[int, int], length: int) -> list[Page]:
    """A mark in the middle of one colour, with a name below it or not, that fades in and out."""
    width, height = size
    dark = random.random() < 0.75
    picture = np.full(
        (height, width, 3), random.integers(0, 30, 3) if dark else random.integers(225, 256, 3), np.uint8
    )
    page = Page(picture)
    middle, radius = (width // 2, int(height * 0.45)), int(height * random.uniform(0.12, 0.25))
    colours = [tuple(int(v) for v in random.integers(60, 255, 3)) for _ in range(3)]
    for number, colour in enumerate(colours):
        shrunk = int(radius * (1 - 0.3 * number))
        if random.random() < 0.5:
            cv2.circle(picture, middle, shrunk, colour, -1)
        else:
            turn = np.arange(random.integers(3, 7)) * 2 * np.pi
            corners = turn / len(turn) + random.uniform(0, 2)
            points = np.stack([np.cos(corners), np.sin(corners)], 1) * shrunk + middle
            cv2.fillPoly(picture, [points.astype(np.int32)], colour)
    if random.random() < 0.6:
        name = f"{random.choice(_NAMES)} PICTURES"
        page = write(
            page,
            [(name, 0.5, 0.45 + radius / height + 0.09, 0.07, "mm")],
            (230, 230, 230) if dark else (30, 30, 40),
        )
    black = np.zeros_like(picture)
    fade = min(length // 3, int(random.integers(1, 16)))
    return [
        Page(blend(black, page.picture, min(1.0, (n + 1) / fade, (length - n) / fade)), page.lines)
        for n in range(length)
    ]


def title(random: np.random.Generator) -> list[tuple[str, float, float, float, str]]:
    """One to three lines in the middle."""
    rows = [
        str(random.choice(_ROLES)),
        f"{random.choice(_NAMES)} {random.choice(_NAMES)}",
        str(random.choice(_NAMES)),
    ]
    rows = rows[: random.integers(1, 4)]
    top = random.uniform(0.35, 0.5)
    return [(row, 0.5, top + 0.11 * n, random.uniform(0.06, 0.09), "mm") for n, row in enumerate(rows)]


def opening(
    random: np.random.Generator, size: tuple[int, int], under: Sequence[Picture] | None
) -> list[Page]:
    """Titles that follow each other over black, or over the programme's first pictures."""
    pages: list[Page] = []
    black = np.zeros((size[1], size[0], 3), np.uint8)
    while len(pages) < (len(under) if under is not None else 25 * random.integers(5, 10)):
        lines, shown, pause = title(random), int(random.integers(40, 75)), int(random.integers(4, 20))
        for at in range(shown + pause):
            ground = black if under is None else under[min(len(under) - 1, len(pages))]
            pages.append(write(Page(ground), lines, (240, 240, 235)) if at < shown else Page(ground))
    while pages and not pages[-1].lines:
        pages.pop()
    return pages[: len(under)] if under is not None else pages


def pauses(pages: Sequence[Page]) -> list[tuple[int, int]]:
    """First and last of the pages without text that are long enough to be told."""
    texts = [at for at, page in enumerate(pages) if page.lines]
    return [(one + 1, next_one - 1) for one, next_one in pairwise(texts) if next_one - one > 6]


def closing(
    random: np.random.Generator, size: tuple[int, int], under: Sequence[Picture] | None
) -> list[Page]:
    """Credits that roll, or cards of them, over black or over pictures."""
    length = len(under) if under is not None else int(25 * random.uniform(6, 14))
    black = np.zeros((size[1], size[0], 3), np.uint8)
    grounds = under if under is not None else [black] * length
    rolling = under is None and random.random() < 0.65
    pages: list[Page] = []
    if rolling:
        step, speed = random.uniform(0.07, 0.11), random.uniform(0.004, 0.009)
        rows = [
            (str(random.choice(_ROLES)), f"{random.choice(_NAMES)} {random.choice(_NAMES)}")
            for _ in range(90)
        ]
        for at in range(length):
            lines = []
            for n, (role, name) in enumerate(rows):
                y = 0.9 + n * step - at * speed
                if -0.1 < y < 1.1:
                    lines += [(role, 0.47, y, 0.05, "rm"), (name, 0.53, y, 0.05, "lm")]
            pages.append(write(Page(black), lines, (225, 225, 225)))
        return pages
    while len(pages) < length:
        count = int(random.integers(4, 8))
        lines = [
            (f"{random.choice(_ROLES)}  {random.choice(_NAMES)}", 0.5, 0.2 + 0.09 * n, 0.055, "mm")
            for n in range(count)
        ]
        for _ in range(int(random.integers(50, 90))):
            pages.append(write(Page(grounds[min(length - 1, len(pages))]), lines, (235, 235, 235)))
    return pages[:length]


def chart(random: np.random.Generator, size: tuple[int, int], length: int) -> list[Page]:
    """A still graphic with a few words within a programme, which is no slate and no logo."""
    page = Page(np.full((size[1], size[0], 3), random.integers(180, 250, 3), np.uint8))
    for n in range(5):
        left, tall = int(size[0] * (0.15 + 0.15 * n)), int(size[1] * random.uniform(0.1, 0.5))
        cv2.rectangle(
            page.picture,
            (left, int(size[1] * 0.85) - tall),
            (left + size[0] // 10, int(size[1] * 0.85)),
            (40, 80, 160),
            -1,
        )
    return [write(page, [("SALES BY REGION", 0.5, 0.12, 0.07, "mm")], (20, 20, 30))] * length


def programme(
    random: np.random.Generator, photos: Sequence[Picture], *, size: tuple[int, int] = (640, 360)
) -> Programme:
    made = Programme()

    def seconds(low: float, high: float) -> int:
        return int(25 * random.uniform(low, high))

    def black(low: float = 0.4, high: float = 2.0) -> None:
        made.add("BLACK_FRAMES", [Page(np.zeros((size[1], size[0], 3), np.uint8))] * seconds(low, high))

    def content(shots: int) -> list[Picture]:
        joined = Shots()
        for _ in range(shots):
            shot = shot_of(random, photos, photos[random.integers(len(photos))], seconds(1.2, 4), size)
            join(
                joined,
                shot,
                str(random.choice(["cut", "dissolve"], p=[0.8, 0.2])),
                int(random.integers(6, 20)),
            )
        return joined.frames

    if random.random() < 0.6:
        made.add("COLOR_BARS", bars(random, size, seconds(2, 5)))
    if random.random() < 0.6:
        made.add("SLATE", slate(random, size, seconds(2, 6)))
    if random.random() < 0.8:
        black()
    if random.random() < 0.6:
        made.add("STUDIO_LOGO", logo(random, size, seconds(2, 5)))
        black()
    kind = random.choice(["none", "black", "over"])
    if kind == "black":
        pages = opening(random, size, None)
        begun = len(made.pages)
        made.add("OPENING_CREDITS", pages)
        made.cues += [("BLACK_FRAMES", begun + first, begun + last) for first, last in pauses(pages)]
        black()
    elif kind == "over":
        made.add("OPENING_CREDITS", opening(random, size, content(3)))
    for part in range(int(random.integers(1, 4))):
        if part and random.random() < 0.7:
            black()
        pages = [Page(picture) for picture in content(int(random.integers(3, 6)))]
        if random.random() < 0.3:  # subtitles
            pages[20:90] = [
                write(page, [("And what did he say to that?", 0.5, 0.9, 0.06, "mm")], (250, 250, 250))
                for page in pages[20:90]
            ]
        if random.random() < 0.25:
            middle = len(pages) // 2
            pages[middle:middle] = chart(random, size, seconds(1.5, 3))
        made.add("CONTENT", pages)
    kind = random.choice(["none", "black", "over"], p=[0.25, 0.55, 0.2])
    if kind == "black":
        if random.random() < 0.7:
            black()
        made.add("END_CREDITS", closing(random, size, None))
    elif kind == "over":
        made.add("END_CREDITS", closing(random, size, content(3)))
    if random.random() < 0.6:
        black()
        if random.random() < 0.3:
            made.add("STUDIO_LOGO", logo(random, size, seconds(2, 4)))
    return made
