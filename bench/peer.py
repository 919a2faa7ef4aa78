"""Virtual environments for peers, whose libraries must not meet ours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).with_name(".peer")


@dataclass(frozen=True, slots=True)
class Environment:
    """One of a name, with what `pip install` gets as arguments, call by call."""

    name: str
    installs: Sequence[Sequence[str]]

    def python(self) -> str:
        """Its interpreter; made at first use, from the package registry."""
        folder = _FOLDER / self.name
        python, ready = folder / "bin" / "python", folder / "ready"
        if not ready.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            for arguments in self.installs:
                subprocess.run([*pip, *arguments], check=True)
            ready.touch()
        return str(python)


FACE_RECOGNITION = Environment(
    "face_recognition",
    # dlib itself would be compiled; dlib-bin is the same library, built. The models' package imports
    # pkg_resources, which newer setuptools no longer has.
    (
        ("dlib-bin", "numpy", "pillow", "click", "setuptools<80"),
        ("--no-deps", "face_recognition", "face_recognition_models"),
    ),
)
RAPIDOCR = Environment("rapidocr", (("rapidocr", "onnxruntime"),))
NUDENET = Environment("nudenet", (("nudenet",),))
