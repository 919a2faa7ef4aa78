"""`regard models`: what a person at the keyboard sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from regard.cli.models import app
from regard.packs.manifest import PackError, find_pack
from tests.packs.conftest import CONTENT, SmallPack
from tests.waiting import PATIENCE


def regard_models(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def installed(small_pack: SmallPack) -> SmallPack:
    assert regard_models("install", small_pack.manifest, "--models", small_pack.models).exit_code == 0
    return small_pack


def test_list_names_every_model_with_its_licence(small_pack: SmallPack) -> None:
    shown = regard_models("list", "--models", small_pack.models)
    for model in find_pack("default").models.values():
        assert model.name in shown.stdout
    assert "AGPL-3.0" in shown.stdout


def test_install_says_where_the_pack_is(small_pack: SmallPack) -> None:
    shown = regard_models("install", small_pack.manifest, "--models", small_pack.models)
    assert f"installed in {small_pack.models}" in shown.stdout


def test_install_if_missing_says_nothing_about_a_pack_that_is_there(installed: SmallPack) -> None:
    shown = regard_models("install", installed.manifest, "--if-missing", "--models", installed.models)
    assert (shown.output, shown.exit_code) == ("", 0)


def test_install_from_a_mirror_takes_the_archive_from_there(small_pack: SmallPack, tmp_path: Path) -> None:
    mirror = small_pack.archive.parent.rename(tmp_path / "mirror")
    shown = regard_models("install", small_pack.manifest, "--mirror", mirror, "--models", small_pack.models)
    assert shown.exit_code == 0


def test_verify_finds_an_intact_pack_intact(installed: SmallPack) -> None:
    shown = regard_models("verify", installed.manifest, "--models", installed.models)
    assert "The 2 models of small" in shown.stdout


def test_verify_names_a_changed_file(installed: SmallPack) -> None:
    (file,) = installed.models.glob("small-*/first.onnx")
    file.write_bytes(CONTENT["first"].upper())
    shown = regard_models("verify", installed.manifest, "--models", installed.models)
    assert isinstance(shown.exception, PackError)
    assert "first.onnx" in str(shown.exception)


def test_an_exported_pack_is_imported_elsewhere(installed: SmallPack, tmp_path: Path) -> None:
    file, other = tmp_path / "small.tar", tmp_path / "other"
    assert regard_models("export", file, installed.manifest, "--models", installed.models).exit_code == 0
    assert regard_models("import", file, "--models", other).exit_code == 0
    assert regard_models("verify", "small", "--models", other).exit_code == 0


def test_a_problem_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "regard", "models", "install", "best", "--models", str(tmp_path)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert shown.returncode == 1
    assert "There is no pack 'best'" in shown.stderr
    assert "Traceback" not in shown.stderr
