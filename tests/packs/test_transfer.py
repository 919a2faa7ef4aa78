"""Carrying a pack to another machine: the same pack arrives, and nothing else gets in."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from regard.packs.install import InstalledPack, install
from regard.packs.manifest import PackError
from regard.packs.transfer import export_pack, import_pack
from tests.packs.conftest import CONTENT, SmallPack


@pytest.fixture
def exported(small_pack: SmallPack, tmp_path: Path) -> Path:
    file = tmp_path / "small.tar"
    export_pack(install(small_pack.read(), small_pack.models), file)
    return file


def rewrite(
    file: Path, edit: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes] | None]
) -> None:
    """Write the archive anew, each member as `edit` wants it; None drops it."""
    with tarfile.open(file) as archive:
        members = [(member, (archive.extractfile(member) or io.BytesIO()).read()) for member in archive]
    with tarfile.open(file, "w") as archive:
        for edited in (edit(member, content) for member, content in members):
            if edited:
                edited[0].size = len(edited[1])
                archive.addfile(edited[0], io.BytesIO(edited[1]))


def append(file: Path, name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> None:
    with tarfile.open(file, "a") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)


def test_an_exported_pack_arrives_as_it_was(exported: Path, tmp_path: Path) -> None:
    pack = import_pack(exported, tmp_path / "other")
    assert {name: path.read_bytes() for name, path in pack.paths().items()} == CONTENT


def test_an_imported_pack_is_loaded_by_its_name(exported: Path, tmp_path: Path) -> None:
    pack = import_pack(exported, tmp_path / "other")
    assert InstalledPack.load("small", tmp_path / "other") == pack


def test_the_same_pack_exports_to_the_same_bytes(exported: Path, tmp_path: Path) -> None:
    export_pack(import_pack(exported, tmp_path / "other"), tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == exported.read_bytes()


def test_a_changed_pack_is_not_exported(small_pack: SmallPack, tmp_path: Path) -> None:
    pack = install(small_pack.read(), small_pack.models)
    pack.files["first"].path.write_bytes(CONTENT["first"].upper())
    with pytest.raises(PackError, match="was changed"):
        export_pack(pack, tmp_path / "small.tar")
    assert not (tmp_path / "small.tar").exists()


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "small/../../escaped", "small/deeper/file"])  # noqa: S108
def test_a_member_that_leaves_the_folder_is_refused(exported: Path, tmp_path: Path, name: str) -> None:
    append(exported, name)
    with pytest.raises(PackError, match="which no exported model pack does"):
        import_pack(exported, tmp_path / "other")
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_plain_file_is_refused(exported: Path, tmp_path: Path, kind: bytes) -> None:
    append(exported, "small/first.onnx", kind, "/etc/passwd")
    with pytest.raises(PackError, match="which no exported model pack does"):
        import_pack(exported, tmp_path / "other")


def test_a_file_that_the_pack_does_not_name_is_refused(
    exported: Path, small_pack: SmallPack, tmp_path: Path
) -> None:
    append(exported, f"{small_pack.read().folder_name}/extra.py")
    with pytest.raises(PackError, match=r"extra\.py"):
        import_pack(exported, tmp_path / "other")


def test_a_changed_model_is_refused_and_nothing_is_installed(exported: Path, tmp_path: Path) -> None:
    rewrite(exported, lambda member, content: (member, content.replace(b"first model", b"other model")))
    with pytest.raises(PackError, match=r"first\.onnx"):
        import_pack(exported, tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == [".lock"]


def test_an_archive_that_lacks_a_model_is_refused(exported: Path, tmp_path: Path) -> None:
    rewrite(exported, lambda member, content: None if "second" in member.name else (member, content))
    with pytest.raises(PackError, match=r"second\.onnx is missing"):
        import_pack(exported, tmp_path / "other")


def test_another_pack_under_the_name_of_ours_is_refused(exported: Path, tmp_path: Path) -> None:
    rewrite(
        exported, lambda member, content: (member, content.replace(b'name = "small"', b'name = "default"'))
    )
    with pytest.raises(PackError, match="is not this version's"):
        import_pack(exported, tmp_path / "other")


def test_a_truncated_archive_is_refused(exported: Path, tmp_path: Path) -> None:
    exported.write_bytes(exported.read_bytes()[:9000])
    with pytest.raises(PackError):
        import_pack(exported, tmp_path / "other")


def test_something_else_than_an_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8" * 1000)
    with pytest.raises(PackError, match="is not an exported model pack"):
        import_pack(tmp_path / "photo.jpg", tmp_path / "other")


def test_an_archive_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="is not an exported model pack"):
        import_pack(tmp_path / "missing.tar", tmp_path / "other")
