"""Makes the drawn pictures of README.md and of the pages, from the tests' free portraits; run it as a script.

Open each before it is committed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests import scenes  # noqa: E402

SIZES = [290, 190, 220, 200, 180, 130, 160, 150, 140, 120, 110, 100, 90, 80, 70, 60, 50]
WIDTH = 800  # of pictures on pages, in pixels


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo, _ = scenes.group(SIZES, width=1280, height=520)
        (folder / "group.jpg").write_bytes(scenes.jpeg(photo))
        portrait = str(scenes.PICTURES / "astronaut.jpg")
        _regard(folder, "compare", portrait, str(folder / "group.jpg"), draw=ROOT / "docs" / "compare.jpg")
        _regard(folder, "analyze", portrait, draw=folder / "analyze.png")
        _write(folder / "analyze.png", ROOT / "docs" / "pictures" / "analyze.webp")


def _regard(folder: Path, *arguments: str, draw: Path) -> None:
    command = [sys.executable, "-m", "regard", *arguments, "--data", str(folder), "--draw", str(draw)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _write(drawn: Path, target: Path) -> None:
    with Image.open(drawn) as picture:
        height = round(picture.height * WIDTH / picture.width)
        picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS).save(target, quality=80)


main()
