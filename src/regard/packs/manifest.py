"""What a model pack is made of: one TOML file, read into frozen records.

`[sources.KEY]` says where an archive comes from and what its SHA-256 is; `[models.NAME]` says which of its
members hold a model's weights and which importer turns them into ONNX. `default.toml` is an example.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from regard.errors import RegardError
from regard.packs.convert import IMPORTERS

KINDS = ("pip", "npm", "https", "file", "hf")

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")  # names become names of files
_SHA256 = re.compile(r"[0-9a-f]{64}")


class PackError(RegardError):
    """A model pack can't be read, fetched, converted or trusted."""


class MissingPackError(PackError):
    """A model pack isn't installed."""


@dataclass(frozen=True, slots=True)
class Source:
    """One archive, or one bare file, as its publisher hands it out.

    `name` is the package (pip, npm), the repository (hf), the address (https) or the folder, relative to the
    pack's own file (file). `version` is exact; for hf it is a commit. `file` is the name of what is fetched.
    """

    key: str
    kind: str
    name: str
    file: str
    sha256: str
    size: int
    version: str = ""
    folder: Path = field(default=Path(), compare=False)

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Model:
    """One ONNX file of the pack. `members` gives the archive's member for each role that the importer names.

    `part` picks one result of an importer that makes several. `taps` makes inner tensors outputs (tfjs): what
    they are to be called, and the original's name. `sha256` and `size` are those of the ONNX file.
    """

    name: str
    task: str
    source: str
    importer: str
    licence: str
    card: str
    sha256: str
    size: int
    members: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    taps: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        return f"{self.name}.onnx"


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack as its file describes it; `text` is that file."""

    name: str
    card: str
    sources: Mapping[str, Source]
    models: Mapping[str, Model]
    text: str = field(repr=False, compare=False)

    @property
    def digest(self) -> str:
        """12 hexadecimal digits that change with anything that could change the installed files."""
        identity = [
            [
                model.name,
                self.sources[model.source].sha256,
                model.importer,
                sorted(model.members.items()),
                model.part,
                model.sha256,
            ]
            for model in self.models.values()
        ]
        return hashlib.sha256(json.dumps([self.name, sorted(identity)]).encode()).hexdigest()[:12]

    @property
    def folder_name(self) -> str:
        return f"{self.name}-{self.digest}"


def builtin_packs() -> Iterable[str]:
    """The names of the packs that come with Regard."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


def find_pack(name: str) -> Pack:
    """The pack that comes with Regard under this name, or the one in this .toml file.

    Raises PackError when there is none or its file is wrong.
    """
    path = Path(name)
    if path.suffix != ".toml":
        if name not in builtin_packs():
            raise PackError(
                f"There is no pack {name!r}: name one of {', '.join(builtin_packs())}, or a .toml file."
            )
        path = Path(__file__).parent / f"{name}.toml"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"The pack {path} can't be read: {error}.") from error
    return parse_pack(text, path)


def parse_pack(text: str, path: Path) -> Pack:
    """Read a pack's TOML; `path` is where it lies, for messages and for sources of the kind `file`."""
    try:
        document = tomllib.loads(text)
        sources = {
            key: _record(Source, {"key": key, "folder": path.parent, **table})
            for key, table in document.get("sources", {}).items()
        }
        models = {
            name: _record(Model, {"name": name, **table})
            for name, table in document.get("models", {}).items()
        }
        pack = Pack(document["name"], document.get("card", ""), sources, models, text)
        _check(pack)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise PackError(f"The pack {path} is wrong: {error}.") from error
    return pack


def _record(kind: type[Any], table: Mapping[str, Any]) -> Any:
    unknown = table.keys() - {known.name for known in fields(kind)}
    if unknown:
        raise ValueError(f"unknown entry {sorted(unknown)[0]!r}")
    return kind(**table)


def _check(pack: Pack) -> None:
    for name in (pack.name, *pack.sources, *pack.models):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name of lower-case letters, digits and hyphens")
    digests = [source.sha256 for source in pack.sources.values()]
    for digest in digests + [model.sha256 for model in pack.models.values()]:
        if not _SHA256.fullmatch(digest):
            raise ValueError(f"{digest!r} is not a SHA-256")
    for source in pack.sources.values():
        if source.kind not in KINDS:
            raise ValueError(f"{source.kind!r} is none of the kinds {', '.join(KINDS)}")
        if source.kind in ("pip", "npm", "hf") and not source.version:
            raise ValueError(f"the source {source.key} has no version")
    for model in pack.models.values():
        if model.source not in pack.sources:
            raise ValueError(f"{model.name} names the source {model.source!r}, which is not there")
        if model.taps and model.importer != "tfjs":
            raise ValueError(f"{model.name} has taps, which only the importer tfjs can make")
        if model.importer not in IMPORTERS:
            raise ValueError(f"{model.importer!r} is none of the importers {', '.join(IMPORTERS)}")
        needed = IMPORTERS[model.importer]
        if model.members.keys() != set(needed):
            raise ValueError(f"{model.name} must name the members {', '.join(needed)}")
