"""Makes the drawn pictures of README.md and of the pages, from the tests' free portraits; run it as a script.

Open each before it is committed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import av
from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests import scenes, written  # noqa: E402
from tests.video import programme  # noqa: E402

SIZES = [290, 190, 220, 200, 180, 130, 160, 150, 140, 120, 110, 100, 90, 80, 70, 60, 50]
WIDTH = 800  # of pictures on pages, in pixels
MOMENTS = [1.6, 4.0]  # of the film, seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo, _ = scenes.group(SIZES, width=1280, height=520)
        (folder / "group.jpg").write_bytes(scenes.jpeg(photo))
        portrait = str(scenes.PICTURES / "astronaut.jpg")
        _regard(folder, "compare", portrait, str(folder / "group.jpg"), draw=ROOT / "docs" / "compare.jpg")
        _regard(folder, "analyze", portrait, draw=folder / "analyze.png")
        _write(_opened(folder / "analyze.png"), "analyze")
        sign, _ = written.write(["PLATFORM 9", "mind the gap"], on=_texture(), ink=(250, 250, 245), size=64)
        sign.rotate(8, Image.Resampling.BICUBIC, expand=False).save(folder / "sign.png")
        _regard(folder, "text", str(folder / "sign.png"), draw=folder / "text.png")
        _write(_opened(folder / "text.png"), "text")
        film = programme.write(folder / "film.mp4")
        _regard(folder, "video", str(film), "--all", draw=folder / "marked.mp4")
        _write(_moments(folder / "marked.mp4"), "video")


def _regard(folder: Path, *arguments: str, draw: Path) -> None:
    command = [sys.executable, "-m", "regard", *arguments, "--data", str(folder), "--draw", str(draw)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGB")


def _texture() -> Image.Image:
    """A wall, darkened so that what is written on it is read."""
    wall = scenes.portrait("brick").resize((900, 420), Image.Resampling.LANCZOS)
    return wall.point(lambda value: value * 0.35)


def _moments(film: Path) -> Image.Image:
    """The frames of a film at `MOMENTS`, one above the other."""
    with av.open(str(film)) as container:
        wanted, frames = list(MOMENTS), []
        for frame in container.decode(video=0):
            if wanted and frame.time is not None and frame.time >= wanted[0]:
                frames.append(frame.to_image())
                wanted.pop(0)
    width, height = frames[0].size
    strip = Image.new("RGB", (width, height * len(frames)))
    for number, one in enumerate(frames):
        strip.paste(one, (0, number * height))
    return strip


def _write(drawn: Image.Image, name: str) -> None:
    height = round(drawn.height * WIDTH / drawn.width)
    small = drawn.resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.save(ROOT / "docs" / "pictures" / f"{name}.webp", quality=80)


main()
