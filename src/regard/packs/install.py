"""Install a pack: fetch, convert, verify, and let it appear in one step."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from regard.packs.archive import read_members
from regard.packs.convert import convert
from regard.packs.disk import errors_as_sentences, locked, packs_folder, require_room, staged
from regard.packs.fetch import fetch, sha256_of
from regard.packs.manifest import (
    MissingPackError,
    Model,
    Pack,
    PackError,
    builtin_packs,
    find_pack,
    parse_pack,
)
from regard.packs.progress import Progress, silent

RECORD = "installed.json"
MANIFEST = "pack.toml"

_UNKNOWN_WEIGHTS = (ValueError, KeyError, EOFError, RuntimeError, pickle.UnpicklingError)


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """One model's ONNX file, with the SHA-256 and the size in bytes that it must have."""

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class InstalledPack:
    """A pack on this machine. `files` are by the models' names."""

    name: str
    folder: Path
    files: Mapping[str, InstalledFile]

    @classmethod
    def load(cls, name: str = "default", models: Path | None = None) -> InstalledPack:
        """The installed pack of this name, or of this .toml file, in the folder `models` or the user's cache.

        Checks the files' sizes only; `path` and `paths` check what is in them.
        Raises PackError when the pack isn't installed, or not completely.
        """
        folder = packs_folder(models)
        pack = _imported(name, folder) or find_pack(name)
        return cls.read(pack, folder / pack.folder_name)

    @classmethod
    def read(cls, pack: Pack, folder: Path) -> InstalledPack:
        """The installed pack in exactly this folder, which must be what `pack` describes."""
        try:
            record = json.loads((folder / RECORD).read_text("utf-8"))
            files = {name: _file(model, folder, record) for name, model in pack.models.items()}
        except FileNotFoundError as error:
            raise MissingPackError(
                f"The model pack {pack.name} is not installed: run `{install_command(pack.name)}`."
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(folder, RECORD, pack.name) from error
        for file in files.values():
            if not file.path.is_file() or file.path.stat().st_size != file.size:
                raise _damaged(folder, file.path.name, pack.name)
        return cls(pack.name, folder, files)

    def path(self, model: str) -> Path:
        """The ONNX file of one model, verified by its SHA-256. Raises PackError when it was changed."""
        if model not in self.files:
            raise PackError(f"The model pack {self.name} has no model {model}.")
        file = self.files[model]
        try:
            intact = sha256_of(file.path) == file.sha256
        except OSError as error:
            raise _damaged(self.folder, file.path.name, self.name) from error
        if not intact:
            raise _damaged(self.folder, file.path.name, self.name)
        return file.path

    def paths(self) -> Mapping[str, Path]:
        """Every model's ONNX file, each verified by its SHA-256. Raises PackError when one was changed."""
        return {model: self.path(model) for model in self.files}


def optional_network(name: str, models: Path | None = None) -> Path | None:
    """The ONNX file of the one model, of the same name, of a pack that few install, since its licence is
    another; None while it isn't installed. Raises PackError when it is damaged.
    """
    try:
        return InstalledPack.load(name, models).path(name)
    except MissingPackError:
        return None


def install(
    pack: Pack,
    models: Path | None = None,
    *,
    mirror: Path | None = None,
    progress: Progress = silent,
) -> InstalledPack:
    """Install a pack into the folder `models`, or the user's cache; an intact one stays as it is.

    `mirror` is a folder that holds the archives under their published names; nothing else is asked then.
    Two installs at once take turns. An interrupted one leaves nothing but downloads that the next one uses.
    Raises PackError, one sentence, when anything is in the way; then nothing was installed.
    """
    folder = packs_folder(models)
    target = folder / pack.folder_name
    with (
        errors_as_sentences(folder),
        locked(folder, waiting=lambda: progress("Wait for another install", 0, 0)),
    ):
        try:
            installed = InstalledPack.read(pack, target)
            installed.paths()
            return installed
        except PackError:
            require_room(folder, _room(pack))
        downloads = folder / ".downloads"
        with staged(target) as fresh:
            _convert_all(pack, fresh, downloads, mirror, progress)
            write_record(pack, fresh)
        shutil.rmtree(downloads, ignore_errors=True)
    return InstalledPack.read(pack, target)


def write_record(pack: Pack, folder: Path) -> None:
    """Write what was installed, from what, beside the ONNX files, and the pack's own file."""
    record = {
        "pack": pack.name,
        "digest": pack.digest,
        "sources": {
            key: {name: value for name, value in asdict(source).items() if name not in ("key", "folder")}
            for key, source in pack.sources.items()
        },
        "models": {
            name: {"file": model.file, "sha256": model.sha256, "size": model.size}
            for name, model in pack.models.items()
        },
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    (folder / MANIFEST).write_text(pack.text, "utf-8")


def _convert_all(pack: Pack, fresh: Path, downloads: Path, mirror: Path | None, progress: Progress) -> None:
    total = sum(model.size for model in pack.models.values())
    done = 0
    for key in dict.fromkeys(model.source for model in pack.models.values()):
        source = pack.sources[key]
        archive = fetch(source, downloads, mirror=mirror, progress=progress)
        models = [model for model in pack.models.values() if model.source == key]
        members = read_members(
            archive, source.file, {member for model in models for member in model.members.values()}
        )
        for model in models:
            progress("Convert", done, total)
            (fresh / model.file).write_bytes(_converted(model, members))
            done += model.size
    progress("Convert", done, total)


def _converted(model: Model, members: Mapping[str, bytes]) -> bytes:
    weights = {role: members[member] for role, member in model.members.items()}
    try:
        content = convert(model.importer, weights, model.part, model.taps)
    except _UNKNOWN_WEIGHTS as error:
        raise PackError(f"The weights of {model.name} could not be converted: {error}.") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != model.sha256:
        raise PackError(
            f"{model.name} was converted to something else than the pack expects: "
            f"its SHA-256 is {digest} ({len(content)} bytes), where {model.sha256} was expected."
        )
    return content


def _room(pack: Pack) -> int:
    """Bytes that an install takes at its fullest: each archive twice, while its client hands it over."""
    used = {model.source for model in pack.models.values()}
    archives = sum(pack.sources[key].size for key in used)
    return 2 * archives + sum(model.size for model in pack.models.values())


def _imported(name: str, folder: Path) -> Pack | None:
    """A pack that was carried here from another machine and isn't among those that come with Regard."""
    if name in builtin_packs() or Path(name).suffix == ".toml":
        return None
    manifests = sorted(folder.glob(f"{name}-{'[0-9a-f]' * 12}/{MANIFEST}"))
    if not manifests:
        return None
    path = max(manifests, key=lambda manifest: manifest.stat().st_mtime)
    return parse_pack(path.read_text("utf-8"), path)


def _file(model: Model, folder: Path, record: Any) -> InstalledFile:
    entry = record["models"][model.name]
    if entry["sha256"] != model.sha256:  # the pack says what is right, not a file beside the models
        raise ValueError(f"{model.name} was recorded with another SHA-256")
    return InstalledFile(folder / model.file, model.sha256, model.size)


def install_command(pack: str) -> str:
    """What installs a pack that comes with Regard."""
    return "regard models install" if pack == "default" else f"regard models install {pack}"


def _damaged(folder: Path, file: str, pack: str) -> PackError:
    return PackError(
        f"{file} in {folder} is missing or was changed: run `{install_command(pack)}` to mend it."
    )
