"""`regard video -`: a video that is piped in, and read as it comes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.cli.conftest import Run
from tests.commands import run_regard
from tests.video import clips
from tests.video.conftest import backdrop

from regard.packs.install import InstalledPack


def piped(folder: Path, data: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return run_regard("video", "-", *arguments, folder=folder, typed=data)


def test_what_is_piped_in_is_answered_as_the_file_is(regard: Run, tmp_path: Path) -> None:
    frames = [backdrop("brick", 320, 180)] * 30 + [backdrop("grass", 320, 180)] * 30
    data = clips.write(tmp_path / "film.ts", frames, sound=True).read_bytes()
    done = piped(tmp_path, data, "--text", "--segments", "--json", "piped.json", "--edl", "piped.edl")
    assert done.returncode == 0, done.stderr
    assert b"Standard input: 00:00:02.400, 320" in done.stdout
    regard("video", "film.ts", "--text", "--segments", "--json", "film.json")
    answers, expected = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("piped", "film"))
    assert answers == expected
    assert "FROM CLIP NAME: standard input" in (tmp_path / "piped.edl").read_text()


def test_what_can_not_be_done_with_a_pipe_is_said(installed_pack: InstalledPack, tmp_path: Path) -> None:
    for data, arguments, reason in (
        (b"", ["--text", "--draw", "o.mp4"], b"--draw reads the video once more"),
        (b"no video", ["--text"], b"no video that can be read"),
    ):
        done = piped(tmp_path, data, *arguments)
        assert done.returncode == 1
        assert reason in done.stderr + done.stdout
        assert b"Traceback" not in done.stderr
