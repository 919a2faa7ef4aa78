"""Virtual environments for peers, whose libraries must not meet ours."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def python_of(name: str, installs: Sequence[Sequence[str]], folder: Path) -> Path:
    """The interpreter of an environment with what `pip install` gets as arguments, call by call.

    It is made in `folder` at its first use, from the package registry, and made anew where the arguments have
    changed.
    """
    digest = hashlib.sha256(json.dumps([sys.version, installs]).encode()).hexdigest()[:12]
    place = folder / f"{name}-{digest}"
    python, ready = place / "bin" / "python", place / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for arguments in installs:
            subprocess.run([*pip, *arguments], check=True)
        ready.touch()
    return python
