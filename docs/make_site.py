"""Builds the documentation's site: `make docs`, or `make docs ARGS=serve` to see it while one writes.

MkDocs reads one folder of pages. So that every page stays where GitHub's readers find it, with links that
lead somewhere in both, that folder (.site) holds links to the repository's pages, each at its own place.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = (
    *("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "THIRD_PARTY.md", "LICENSE"),
    "tests/pictures/README.md",
    "src/regard/vision/taxonomy/labels.toml",  # what docs/labels.md leads to
    "src/regard/vision/taxonomy/imagenet.csv",
)
_NOT_SHOWN: Final = {".py", ".pyc", ".toml"}  # of docs/: what makes it


def stage(folder: Path) -> Path:
    """Makes the folder that MkDocs reads: links to PAGES, and to what docs/ holds but for its scripts.

    What is there already stays, so that a site that is being served is not disturbed.
    """
    docs = (path for path in (ROOT / "docs").rglob("*") if path.is_file() and path.suffix not in _NOT_SHOWN)
    wanted = {folder / name for name in PAGES} | {folder / path.relative_to(ROOT) for path in docs}
    for stale in [path for path in folder.rglob("*") if path.is_symlink() and path not in wanted]:
        stale.unlink()
    for link in wanted:
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(ROOT / link.relative_to(folder))
    return folder


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """MkDocs' `build` or `serve` on the staged pages, warnings being errors."""
    stage(ROOT / ".site")
    environment = os.environ | {
        "NO_MKDOCS_2_WARNING": "true",  # the theme's notice: pyproject.toml keeps MkDocs below 2
        "PYTHONPATH": str(ROOT / "docs"),  # where table_cells is
    }
    mkdocs = [sys.executable, "-m", "mkdocs", command, "--strict", *arguments]
    return subprocess.run(mkdocs, cwd=ROOT, env=environment, check=False, text=True)


if __name__ == "__main__":
    sys.exit(run(*(sys.argv[1:] or ["build", "--quiet"])).returncode)
