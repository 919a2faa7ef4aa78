"""Makes the picture of the README: `python docs/make_picture.py`, from the free portraits of the tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests import scenes  # noqa: E402

SIZES = [290, 190, 220, 200, 180, 130, 160, 150, 140, 120, 110, 100, 90, 80, 70, 60, 50]


def main() -> None:
    photo, _ = scenes.group(SIZES, width=1280, height=520)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "group.jpg"
        target.write_bytes(scenes.jpeg(photo))
        subprocess.run(
            [
                *(sys.executable, "-m", "regard", "compare", "--data", folder),
                *(str(scenes.PICTURES / "astronaut.jpg"), str(target)),
                *("--draw", str(ROOT / "docs" / "compare.jpg")),
            ],
            check=True,
        )


main()
