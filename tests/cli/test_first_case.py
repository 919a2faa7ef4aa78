"""What docs/governance.md tells a stranger to type leads from an empty folder to a confirmed lead."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Final

import pyotp
import pytest
from tests.conftest import PICTURES

from regard.packs.install import InstalledPack

PAGE: Final = Path(__file__).parents[2] / "docs" / "governance.md"
BLOCKS: Final = re.findall(r"<!-- walk -->\n```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
PROGRAMS: Final = sysconfig.get_path("scripts")  # `regard` lies there, be the environment active or not
RATING: Final = "3\nEARS NOSE\n\ny\n"  # surely the same person, by ears and nose, without a note


class Terminal:
    """A shell in which a stranger types, with the telephones of everybody beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets: dict[str, str] = {}
        self._used: dict[str, int] = defaultdict(int)
        self.said = ""
        self._before = ""

    def type(self, block: str) -> None:
        """Types the lines of a block; each must succeed."""
        for line in block.splitlines():
            typed = "".join(f"{self.code(name)}\n" for name in re.findall(r"--as (\w+)", line))
            if "review take" in line:
                typed += RATING
            said = self._run(line, typed)
            if line.startswith("for name in") and "people factor" in line:
                names = shlex.split(line.split(";")[0])[3:]
                for name, secret in zip(names, re.findall(r"secret = (\w+)", said), strict=True):
                    self.secrets[name] = secret

    def code(self, name: str) -> str:
        """What somebody's telephone shows; the next code where this one was used."""
        totp = pyotp.TOTP(self.secrets[name])
        step = max(int(time.time()) // 30, self._used[name] + 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(1)
        self._used[name] = step
        return totp.generate_otp(step)

    def _run(self, line: str, typed: str) -> str:
        done = subprocess.run(
            ["bash", "-c", f"set -e\n{self._before}\n{line}"],
            cwd=self.folder,
            env=os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if re.match(r"(export )?\w+=", line):
            self._before += line + "\n"
        self.said += done.stdout
        return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_of_the_page_lead_from_an_empty_folder_to_a_confirmed_lead(
    installed_pack: InstalledPack, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    shutil.copy(PICTURES / "astronaut.jpg", tmp_path / "photos" / "collins.jpg")
    shutil.copy(PICTURES / "hopper.jpg", tmp_path / "photos" / "hopper.jpg")
    shutil.copy(PICTURES / "astronaut.jpg", tmp_path / "probe.jpg")
    terminal = Terminal(tmp_path)
    for block in BLOCKS:
        terminal.type(block)
    assert "PENDING_REVIEW" in terminal.said
    assert "LEAD" in terminal.said
    assert "CONFIRMED" in terminal.said
    with zipfile.ZipFile(tmp_path / "packet.zip") as packet:
        assert "disclosure.html" in packet.namelist()
        assert "CONFIRMED" in packet.read("disclosure.json").decode()
