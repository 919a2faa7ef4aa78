"""The scripts for the AWS SDK for JavaScript, beside the packages that they need."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from platformdirs import user_cache_path

SCRIPTS = Path(__file__).parent / "javascript"


@pytest.fixture(scope="session")
def javascript() -> Path:
    """The scripts beside their node_modules, which are installed once for each user."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js is not installed; it is needed only to test the AWS SDK for JavaScript")
    folder = user_cache_path("regard") / "tests" / "javascript"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (SCRIPTS / "package-lock.json").read_text()
    installed = folder / "installed.json"  # written last, so that an install that broke off is made again
    if not installed.exists() or installed.read_text() != wanted:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(SCRIPTS / file, folder)
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=240,
        )
        installed.write_text(wanted)
    for script in SCRIPTS.glob("*.mjs"):
        shutil.copy(script, folder)
    return folder
