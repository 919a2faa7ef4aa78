"""The component's files that Regard serves are what npm's packages give, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[3] / "web" / "liveness"
SERVED = Path(__file__).parents[3] / "src" / "regard" / "wire" / "pages" / "liveness"


@pytest.mark.slow
def test_the_files_are_what_the_pinned_packages_give(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Node.js is not installed; it is needed to make the component's files again")
    sources, made = tmp_path / "sources", tmp_path / "made"
    shutil.copytree(SOURCES, sources, ignore=shutil.ignore_patterns("node_modules"))
    # esbuild's own binary comes as a package: no script of any package runs here.
    for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build", "--", str(made)]):
        subprocess.run([npm, *command], cwd=sources, check=True, capture_output=True, timeout=280)
    for file in made.iterdir():
        assert file.read_bytes() == (SERVED / file.name).read_bytes(), file.name
