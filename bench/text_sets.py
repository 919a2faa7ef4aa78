"""Pictures with known text: annotated ones, and pages that are drawn here."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from regard.vision.image import Image, decode_image

UNREADABLE = "###"
_WORDS = """
    open closed street market 24 hours platform 7 north exit please mind the gap train to central
    station coffee 3.50 lemon tea bread and butter museum of art 1984 no parking between 8:00 a.m.
    private property caution wet floor invoice total 129.95 thank you for your visit rooms available
""".split()  # noqa: SIM905 - as words they are readable


@dataclass(frozen=True, eq=False)
class Find:
    """A text and its corners (4, 2), in px."""

    text: str
    quad: np.ndarray


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and what is annotated in it: words, or whole lines."""

    image: Image
    truth: Sequence[Find]
    lines: bool


def overlap(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """The area that two convex quads share, and that of each."""
    hulls = [cv2.convexHull(np.float32(quad)) for quad in (one, other)]
    shared, _ = cv2.intersectConvexConvex(*hulls)
    return shared, cv2.contourArea(hulls[0]), cv2.contourArea(hulls[1])


def matched(finds: Sequence[Find], truth: Sequence[Find], *, same_text: bool) -> tuple[int, int, int]:
    """Right finds, finds that count, and wanted ones; each wanted one is found once."""
    ignored = [wanted for wanted in truth if wanted.text == UNREADABLE]
    open_ = [wanted for wanted in truth if wanted.text != UNREADABLE]
    wanted_count, right, counted = len(open_), 0, 0
    for find in finds:
        hit = next((wanted for wanted in open_ if _same(find, wanted, same_text)), None)
        if hit is not None:
            open_.remove(hit)
            right += 1
        elif any(_mostly_inside(find, other) for other in ignored):
            continue
        counted += 1
    return right, counted, wanted_count


def _same(find: Find, wanted: Find, same_text: bool) -> bool:
    if same_text and _plain(find.text) != _plain(wanted.text):
        return False
    shared, one, other = overlap(find.quad, wanted.quad)
    return shared >= 0.5 * (one + other - shared)


def _mostly_inside(find: Find, other: Find) -> bool:
    shared, own, _ = overlap(find.quad, other.quad)
    return shared >= 0.5 * own


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _opened(path: Path) -> Image:
    return decode_image(path.read_bytes(), min_side=1)


def annotated(folder: str, *, lines: bool) -> Callable[[Path], list[Sample]]:
    def load(data: Path) -> list[Sample]:
        known = json.loads((data / "text" / "ground_truth.json").read_text())
        return [
            Sample(_opened(data / "text" / file), _finds(truth), lines)
            for file, truth in known.items()
            if file.startswith(folder)
        ]

    return load


def receipts(data: Path) -> list[Sample]:
    known = json.loads((data / "text/receipts/ground_truth.json").read_text())
    return [
        Sample(_opened(data / "text/receipts" / file), _finds(truth), True) for file, truth in known.items()
    ]


def cut_out_words(data: Path) -> list[Sample]:
    """Words with hardly a margin; the whole picture is the word."""
    samples = []
    with (data / "text/words/labels.csv").open() as file:
        for row in csv.DictReader(file):
            image = _opened(data / "text/words" / row["file"])
            right, bottom = image.width, image.height
            quad = np.float32([[0, 0], [right, 0], [right, bottom], [0, bottom]])
            samples.append(Sample(image, [Find(row["text"], quad)], True))
    return samples


def _finds(truth: Sequence[Mapping[str, object]]) -> list[Find]:
    return [Find(str(one["text"]), np.float32(one["quad"]).reshape(4, 2)) for one in truth]


def drawn(degrees: float, *, width: int = 1280, height: int = 960) -> Callable[[Path], list[Sample]]:
    """Pages of words in sizes from 14 to 60 px, turned clockwise; the truth is where they were drawn."""

    def make(_: Path) -> list[Sample]:
        return [_page(degrees, np.random.default_rng(seed), width, height) for seed in range(6)]

    return make


def _page(degrees: float, random: np.random.Generator, width: int, height: int) -> Sample:
    ground, ink = random.integers(150, 255, 3), random.integers(0, 90, 3)
    page = Pillow.new("RGB", (width, height), tuple(map(int, ground)))
    pen = ImageDraw.Draw(page)
    finds, y = [], 0.2 * height
    while y < 0.75 * height:
        size = int(random.choice([14, 18, 24, 36, 60]))
        font = ImageFont.load_default(size=size)
        x = 0.2 * width
        while True:
            word = str(random.choice(_WORDS))
            left, _, right, _ = pen.textbbox((x, y), word, font=font)
            _, top, _, bottom = pen.textbbox((x, y), "Hg", font=font)  # a word is as high as its line
            if right > 0.8 * width:
                break
            pen.text((x, y), word, font=font, fill=tuple(map(int, ink)))
            finds.append(Find(word, np.float32([[left, top], [right, top], [right, bottom], [left, bottom]])))
            x = right + size / 3.5
        y += 1.8 * size
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    border = tuple(map(int, ground))
    pixels = cv2.warpAffine(np.asarray(page), turn, (width, height), flags=cv2.INTER_AREA, borderValue=border)
    noise = random.normal(0, 6, pixels.shape)
    noisy = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    turned = [Find(find.text, find.quad @ turn[:, :2].T + turn[:, 2]) for find in finds]
    return Sample(Image(noisy, ""), turned, lines=False)


def numbers(_: Path) -> list[Sample]:
    """Upright numbers of one to six digits; half of them make sense on their heads as well."""
    samples = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        digits = list("0123456789" if seed % 2 else "0689")
        text = "".join(random.choice(digits, 1 + seed // 2 % 6))
        samples.append(_alone(_pen(seed), text, int(random.choice([28, 48, 90, 160])), random))
    return samples


def signs_on_their_heads(_: Path) -> list[Sample]:
    """A line of words and a number, turned by 180°."""
    samples = []
    for seed in range(30):
        random = np.random.default_rng(2000 + seed)
        words = " ".join(random.choice([word for word in _WORDS if word.isalpha()], 2))
        number = "".join(random.choice(list("0123456789"), int(random.integers(1, 5))))
        page, finds, y = Pillow.new("RGB", (900, 420), (235, 232, 225)), [], 60
        for text in (words, number):
            written = _pen(seed)(text, int(random.choice([36, 60])))
            page.paste((25, 25, 40), (60, y), written)
            finds.append(Find(text, np.float32([900 - 60, 420 - y]) - _outline(written)))
            y += 160
        samples.append(Sample(Image(np.asarray(page.rotate(180)), ""), finds, lines=True))
    return samples


Pen = Callable[
    [str, int], Pillow.Image
]  # a text and its height in px: a mask, hardly larger than the letters


def _pen(number: int) -> Pen:
    """One of Pillow's and OpenCV's own fonts."""
    fonts = (None, cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)
    font = fonts[number % len(fonts)]

    def write(text: str, size: int) -> Pillow.Image:
        mask = np.zeros((3 * size, (len(text) + 2) * 2 * size), np.uint8)
        if font is None:
            page = Pillow.fromarray(mask)
            ImageDraw.Draw(page).text((size, size), text, font=ImageFont.load_default(size=size), fill=255)
            mask = np.asarray(page)
        else:
            cv2.putText(mask, text, (size, 2 * size), font, size / 30, 255, max(1, size // 14), cv2.LINE_AA)
        x, y, width, height = cv2.boundingRect(mask)
        return Pillow.fromarray(mask[y : y + height, x : x + width])

    return write


def _alone(pen: Pen, text: str, size: int, random: np.random.Generator) -> Sample:
    """Dark on light or light on dark, somewhere on a page."""
    written, (light, dark) = pen(text, size), (random.integers(180, 256), random.integers(0, 70))
    ground, ink = (light, dark) if random.random() < 0.6 else (dark, light)
    x, y = random.integers(20, 240, 2).tolist()
    page = Pillow.new("L", (written.width + x + 120, written.height + y + 120), int(ground))
    page.paste(int(ink), (x, y), written)
    find = Find(text, np.float32([x, y]) + _outline(written))
    return Sample(Image(np.asarray(page.convert("RGB")), ""), [find], lines=True)


def _outline(written: Pillow.Image) -> np.ndarray:
    right, bottom = written.size
    return np.float32([[0, 0], [right, 0], [right, bottom], [0, bottom]])


SETS: Mapping[str, Callable[[Path], list[Sample]]] = {
    "icdar2015, words": annotated("icdar2015", lines=False),
    "icpr2018, lines": annotated("icpr2018", lines=True),
    "receipts, lines": receipts,
    "cut-out words": cut_out_words,
    **{f"drawn pages, turned by {degrees}°": drawn(degrees) for degrees in (0, 15, 45, 90, 180)},
    "drawn pages of 12 megapixels": drawn(0, width=4000, height=3000),
    "numbers of one to six digits, lines": numbers,
    "signs on their heads, lines": signs_on_their_heads,
}
