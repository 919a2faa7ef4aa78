"""Installing a pack: only what was pinned, all of it or nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from regard.packs.install import InstalledPack, install
from regard.packs.manifest import PackError
from tests.packs.conftest import CONTENT, SmallPack
from tests.waiting import PATIENCE


def test_an_installed_pack_gives_the_path_of_each_model(small_pack: SmallPack) -> None:
    paths = install(small_pack.read(), small_pack.models).paths()
    assert {name: path.read_bytes() for name, path in paths.items()} == CONTENT


def test_an_installed_pack_is_found_again(small_pack: SmallPack) -> None:
    installed = install(small_pack.read(), small_pack.models)
    assert InstalledPack.load(str(small_pack.manifest), small_pack.models) == installed


def test_an_intact_pack_is_left_as_it_is(small_pack: SmallPack) -> None:
    before = install(small_pack.read(), small_pack.models).path("first").stat().st_mtime_ns
    shutil.rmtree(small_pack.archive.parent)
    again = install(small_pack.read(), small_pack.models)
    assert again.path("first").stat().st_mtime_ns == before


def test_nothing_but_the_pack_is_left_behind(small_pack: SmallPack) -> None:
    installed = install(small_pack.read(), small_pack.models)
    assert small_pack.leftovers() == [installed.folder.name]


def test_a_pack_that_is_not_installed_says_how_to_install_it(small_pack: SmallPack) -> None:
    with pytest.raises(PackError, match="is not installed: run `regard models install`"):
        InstalledPack.load("default", small_pack.models)


def test_an_archive_with_another_hash_is_refused(small_pack: SmallPack) -> None:
    small_pack.archive.write_bytes(small_pack.archive.read_bytes() + b"!")
    with pytest.raises(PackError, match="is not what this pack was made from"):
        install(small_pack.read(), small_pack.models)
    assert not list(small_pack.models.glob("small-*"))


def test_a_damaged_archive_is_refused_and_nothing_is_installed(
    small_pack: SmallPack, repin: Callable[[], None]
) -> None:
    content = bytearray(small_pack.archive.read_bytes())
    content[100:200] = bytes(100)
    small_pack.archive.write_bytes(content)
    repin()
    with pytest.raises(PackError, match="is damaged"):
        install(small_pack.read(), small_pack.models)
    assert small_pack.leftovers() == [".downloads"]


def test_an_archive_without_the_member_is_refused(small_pack: SmallPack) -> None:
    small_pack.edit("models/second.onnx", "models/third.onnx")
    with pytest.raises(PackError, match=r"has no member models/third\.onnx"):
        install(small_pack.read(), small_pack.models)


def test_a_model_that_converts_to_something_else_is_refused(
    small_pack: SmallPack, repin: Callable[[], None]
) -> None:
    with zipfile.ZipFile(small_pack.archive, "w") as content:
        for model, weights in CONTENT.items():
            content.writestr(f"models/{model}.onnx", weights.upper())
    repin()
    with pytest.raises(PackError, match="first was converted to something else"):
        install(small_pack.read(), small_pack.models)


def test_weights_that_no_importer_knows_are_refused(small_pack: SmallPack) -> None:
    small_pack.edit('importer = "onnx"', 'importer = "dlib-resnet"')
    small_pack.edit("members = { model", "members = { weights")
    with pytest.raises(PackError, match="The weights of first could not be converted"):
        install(small_pack.read(), small_pack.models)


@pytest.mark.parametrize("kept", [1, 0], ids=["changed", "gone"])
def test_a_changed_model_file_is_refused(small_pack: SmallPack, kept: int) -> None:
    installed = install(small_pack.read(), small_pack.models)
    file = installed.files["first"].path
    file.write_bytes(file.read_bytes().upper()) if kept else file.unlink()
    with pytest.raises(PackError, match=r"first\.onnx in .* is missing or was changed"):
        installed.paths()


def test_a_record_that_vouches_for_a_changed_file_is_refused(small_pack: SmallPack) -> None:
    installed = install(small_pack.read(), small_pack.models)
    record = installed.folder / "installed.json"
    record.write_text(record.read_text().replace(installed.files["first"].sha256, "0" * 64))
    with pytest.raises(PackError, match=r"installed\.json"):
        InstalledPack.load(str(small_pack.manifest), small_pack.models)


def test_installing_again_mends_a_changed_pack(small_pack: SmallPack) -> None:
    installed = install(small_pack.read(), small_pack.models)
    installed.files["first"].path.write_bytes(b"")
    assert install(small_pack.read(), small_pack.models).path("first").read_bytes() == CONTENT["first"]


def test_an_install_that_was_killed_is_cleared_by_the_next(small_pack: SmallPack) -> None:
    leftover = small_pack.models / ".installing-abc" / "fresh"
    leftover.mkdir(parents=True)
    (leftover / "first.onnx").write_bytes(b"half")
    installed = install(small_pack.read(), small_pack.models)
    assert small_pack.leftovers() == [installed.folder.name]


def test_what_was_fetched_before_an_install_failed_is_not_fetched_again(small_pack: SmallPack) -> None:
    small_pack.edit("models/second.onnx", "models/third.onnx")
    with pytest.raises(PackError):
        install(small_pack.read(), small_pack.models)
    small_pack.edit("models/third.onnx", "models/second.onnx")
    shutil.rmtree(small_pack.archive.parent)
    assert install(small_pack.read(), small_pack.models).paths()


def test_a_mirror_folder_takes_the_place_of_the_registry(small_pack: SmallPack) -> None:
    small_pack.edit(
        'kind = "file"\nname = "published"\nversion = ""', 'kind = "pip"\nname = "small"\nversion = "1.0"'
    )
    installed = install(small_pack.read(), small_pack.models, mirror=small_pack.archive.parent)
    assert installed.path("first").read_bytes() == CONTENT["first"]


def test_a_mirror_folder_without_the_file_is_named(small_pack: SmallPack, tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"has no file small-1\.0-py3-none-any\.whl"):
        install(small_pack.read(), small_pack.models, mirror=tmp_path)


def test_too_little_room_is_found_before_anything_is_fetched(
    small_pack: SmallPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(PackError, match="make room"):
        install(small_pack.read(), small_pack.models)
    assert small_pack.leftovers() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_is_one_sentence(small_pack: SmallPack, monkeypatch: pytest.MonkeyPatch) -> None:
    # The write fails as on a full disk, because that is what the kernel says.
    monkeypatch.setattr(
        Path, "write_bytes", lambda _, content: os.write(os.open("/dev/full", os.O_WRONLY), content)
    )
    with pytest.raises(PackError, match="The disk of .* is full"):
        install(small_pack.read(), small_pack.models)
    assert small_pack.leftovers() == [".downloads"]


@pytest.mark.skipif(os.name == "nt" or not os.geteuid(), reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_sentence(small_pack: SmallPack) -> None:
    small_pack.models.chmod(0o500)
    with pytest.raises(PackError, match="can't be written to"):
        install(small_pack.read(), small_pack.models)


INSTALL = """
import sys, time
from pathlib import Path
from regard.packs.install import install
from regard.packs.manifest import find_pack

def slowly(step, done, total):
    print(step, flush=True)
    time.sleep(float(sys.argv[3]))

install(find_pack(sys.argv[1]), Path(sys.argv[2]), progress=slowly)
"""


def start_install(small_pack: SmallPack, pause: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", INSTALL, str(small_pack.manifest), str(small_pack.models), str(pause)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_installs_at_once_take_turns(small_pack: SmallPack) -> None:
    with start_install(small_pack, 0.2) as first:
        assert first.stdout
        assert first.stdout.readline().startswith("Fetch")
        with start_install(small_pack, 0) as second:
            steps, _ = second.communicate(timeout=PATIENCE)
        assert steps == "Wait for another install\n"
        assert first.wait(timeout=PATIENCE) == second.returncode == 0
    assert InstalledPack.load(str(small_pack.manifest), small_pack.models).paths()


def test_a_killed_install_leaves_nothing_that_looks_installed(small_pack: SmallPack) -> None:
    with start_install(small_pack, 0.2) as process:
        assert process.stdout
        while not process.stdout.readline().startswith("Convert"):
            time.sleep(0)
        process.send_signal(signal.SIGKILL)
    with pytest.raises(PackError, match="is not installed"):
        InstalledPack.load(str(small_pack.manifest), small_pack.models)
    assert install(small_pack.read(), small_pack.models).paths()
