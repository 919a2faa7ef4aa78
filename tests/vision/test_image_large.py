"""Pictures of very many pixels are decoded at a part of their size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from regard.vision.image import ImageTooLarge, decode_image
from tests.vision.drawn import close, encoded, gradient


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("full_pixels", "reduction"), [(640 * 480, 1), (640 * 480 - 1, 2), (5000, 8), (1000, 32)]
)
def test_sides_are_halved_until_the_pixels_are_few_enough(
    kind: str, full_pixels: int, reduction: int
) -> None:
    image = decode_image(encoded(gradient(640, 480), kind), full_pixels=full_pixels)
    assert close(image, gradient(640, 480).reduce(reduction))
    assert image.encoded_size == (640, 480)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_odd_sides_are_rounded_up(kind: str) -> None:
    image = decode_image(encoded(gradient(641, 479), kind), full_pixels=641 * 479 - 1)
    assert (image.width, image.height) == (321, 240)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_a_png_of_any_colour_type_is_halved(mode: str) -> None:
    grey = np.asarray(gradient(640, 480).convert("L")).astype(np.uint16) << 8
    picture = Pillow.fromarray(grey) if mode == "I;16" else gradient(640, 480).convert(mode)
    expected = gradient(640, 480).convert("L" if mode == "I;16" else mode).convert("RGB").reduce(2)
    assert close(decode_image(encoded(picture), full_pixels=300_000), expected)


MEASURE = """
import pathlib, resource, sys
from regard.vision.image import decode_image

data = pathlib.Path(sys.argv[1]).read_bytes()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
image = decode_image(data)
print(image.width, image.height, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_photo_of_64_megapixels_is_read_upright_in_bounded_memory(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    file = tmp_path / "photo.jpg"
    gradient(1156, 867).resize((9248, 6936), Pillow.Resampling.NEAREST).save(file, exif=exif)
    run = subprocess.run([sys.executable, "-c", MEASURE, file], capture_output=True, text=True, check=True)
    width, height, kilobytes = map(int, run.stdout.split())
    assert (width, height) == (3468, 4624)
    assert kilobytes < 250_000  # at full size 450,000


@pytest.mark.parametrize("size", [(10_001, 80), (80, 10_001)])
def test_the_error_names_the_limit_of_a_side(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge, match=f"{size[0]} × {size[1]} pixels, where a side may have 10000"):
        decode_image(encoded(Pillow.new("1", size)))


def test_the_error_names_the_limit_of_pixels() -> None:
    with pytest.raises(ImageTooLarge, match="120 × 90 pixels, where there may be 10000 in all"):
        decode_image(encoded(gradient()), max_pixels=10_000)
