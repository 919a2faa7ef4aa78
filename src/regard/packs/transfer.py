"""Carry an installed pack to a machine without a network, as one .tar file."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path, PurePosixPath

from regard.packs.disk import errors_as_sentences, locked, packs_folder, require_room, staged
from regard.packs.install import MANIFEST, RECORD, InstalledPack, write_record
from regard.packs.manifest import Pack, PackError, builtin_packs, find_pack, parse_pack
from regard.packs.progress import Progress, silent

_MANIFEST_BYTES = 1 << 20  # no pack's own file comes near


def export_pack(pack: InstalledPack, file: Path) -> None:
    """Write the pack to `file`. The same pack gives the same bytes on every machine.

    Raises PackError when a model was changed since it was installed, or the file can't be written.
    """
    members = sorted([*pack.paths().values(), pack.folder / RECORD, pack.folder / MANIFEST])
    partial = file.with_name(f".{file.name}.part")
    with errors_as_sentences(file.parent):
        try:
            with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
                for member in members:
                    info = tarfile.TarInfo(f"{pack.folder.name}/{member.name}")
                    info.size = member.stat().st_size
                    info.mode = 0o644
                    with member.open("rb") as stream:
                        archive.addfile(info, stream)
            os.replace(partial, file)
        finally:
            partial.unlink(missing_ok=True)


def import_pack(file: Path, models: Path | None = None, *, progress: Progress = silent) -> InstalledPack:
    """Install the pack in an exported file into the folder `models`, or the user's cache.

    Only the files that its pack names are read from the archive, and each must have the SHA-256 that the pack
    gives. A pack of a name that comes with Regard must be that very pack.
    Raises PackError when the archive is damaged, holds anything else, or can't be written.
    """
    folder = packs_folder(models)
    waiting = "Wait for another install"
    with errors_as_sentences(folder), locked(folder, waiting=lambda: progress(waiting, 0, 0)):
        try:
            with tarfile.open(file, "r:") as archive:
                content = _content(archive)
                pack = _pack(archive, content, file)
                target = folder / pack.folder_name
                require_room(folder, sum(model.size for model in pack.models.values()))
                with staged(target) as fresh:
                    _unpack(archive, content, pack, fresh, progress)
                    write_record(pack, fresh)
                    InstalledPack.read(pack, fresh).paths()
        except (tarfile.TarError, EOFError, FileNotFoundError) as error:
            raise PackError(f"{file} is not an exported model pack ({error}).") from error
    return InstalledPack.read(pack, target)


def _content(archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """The members by their bare names. Everything must be a plain file in one and the same folder."""
    content: dict[str, tarfile.TarInfo] = {}
    folders = set()
    for member in archive:
        path = PurePosixPath(member.name)
        if not member.isreg() or path.is_absolute() or len(path.parts) != 2 or ".." in path.parts:
            raise PackError(f"The archive holds {member.name!r}, which no exported model pack does.")
        folders.add(path.parts[0])
        content[path.name] = member
    if len(folders) != 1 or MANIFEST not in content:
        raise PackError("The archive is not an exported model pack.")
    return content


def _pack(archive: tarfile.TarFile, content: dict[str, tarfile.TarInfo], file: Path) -> Pack:
    manifest = content[MANIFEST]
    if manifest.size > _MANIFEST_BYTES:
        raise PackError(f"The archive's {MANIFEST} is too large.")
    try:
        text = _read(archive, manifest).read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise PackError(f"The archive's {MANIFEST} is not text.") from error
    pack = parse_pack(text, file)
    if pack.name in builtin_packs() and find_pack(pack.name).digest != pack.digest:
        raise PackError(
            f"The archive's pack {pack.name} is not this version's: export it with the same Regard."
        )
    if extra := content.keys() - {RECORD, MANIFEST, *(model.file for model in pack.models.values())}:
        raise PackError(f"The archive holds {min(extra)!r}, which its pack doesn't name.")
    return pack


def _unpack(
    archive: tarfile.TarFile,
    content: dict[str, tarfile.TarInfo],
    pack: Pack,
    fresh: Path,
    progress: Progress,
) -> None:
    total = sum(model.size for model in pack.models.values())
    done = 0
    for model in pack.models.values():
        progress("Unpack", done, total)
        if model.file not in content or content[model.file].size != model.size:
            raise PackError(f"The archive's {model.file} is missing or was changed.")
        (fresh / model.file).write_bytes(_read(archive, content[model.file]).read())
        done += model.size
    progress("Unpack", done, total)


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> io.BufferedIOBase:
    stream = archive.extractfile(member)
    if stream is None:
        raise PackError(f"The archive's {member.name} can't be read.")
    return stream  # type: ignore[return-value]
