"""A virtual environment with `face_recognition`, whose dlib must not meet ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


class _Environment:
    folder = Path(__file__).with_name(".peer")

    def python(self) -> str:
        """The environment's interpreter; made at first use, from the package registry."""
        python = self.folder / "bin" / "python"
        ready = self.folder / "ready"
        if not ready.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(self.folder)], check=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            # dlib itself would be compiled; dlib-bin is the same library, built. The models' package
            # imports pkg_resources, which newer setuptools no longer has.
            subprocess.run([*install, "dlib-bin", "numpy", "pillow", "click", "setuptools<80"], check=True)
            subprocess.run([*install, "--no-deps", "face_recognition", "face_recognition_models"], check=True)
            ready.touch()
        return str(python)


PEER = _Environment()
