"""Digests of what a result was made from: code, networks, fitted files, and data.

A digest of code is that of its syntax trees without docstrings: a comment changes nothing.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from regard.packs.manifest import builtin_packs, find_pack

ROOT = Path(__file__).parent.parent
_PROJECT = {"regard": ROOT / "src", "training": ROOT, "bench": ROOT}
# Where networks lie, and what makes them: the networks' own digests say what came of it.
_ASIDE = ("regard.packs", "regard.settings")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Needs:
    """What a result is made from.

    `code`: modules by their dotted names; what they import of the project counts as well, except through
    the modules `aside`, which the result can't depend on. `networks`: by their names in the packs that come
    with Regard. `files`: others of the repository, such as fitted weights and labels by eye, as patterns.
    `data`: files and folders of the data, as patterns.
    """

    code: tuple[str, ...]
    networks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


class Digests:
    """Of one folder of data, which doesn't change meanwhile. `kept`: a JSON file for its files' digests,
    which are read once as long as their sizes and times stay.
    """

    def __init__(self, data: Path, kept: Path) -> None:
        self._data = data
        self._places: dict[Path, str] = {}
        self._kept = kept
        self._files: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}

    def of(self, needs: Needs, words: Iterable[str] = ()) -> str:
        """16 hexadecimal digits of all that is needed, and of a command's `words`."""
        parts = [
            *words,
            *(digest_of_code(needs.code, needs.aside)),
            *digests_of_networks(needs.networks),
            *(f"{file}: {_sha256(file.read_bytes())}" for file in matching(ROOT, needs.files)),
            *self._of_data(needs.data),
        ]
        return _sha256("\n".join(parts).replace(str(ROOT), "").encode())[:16]

    def _of_data(self, patterns: Iterable[str]) -> Iterator[str]:
        for place in matching(self._data, patterns):
            if place not in self._places:
                self._places[place] = self._of_place(place)
            yield f"{place.relative_to(self._data)}: {self._places[place]}"

    def _of_place(self, place: Path) -> str:
        """Of a file, or of a folder with all that is in it."""
        known = len(self._files)
        files = sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
        lines = [f"{file.relative_to(place)}: {self._of_file(file)}" for file in files]
        if len(self._files) != known:
            self._kept.write_text(json.dumps(self._files))
        return _sha256("\n".join(lines).encode())

    def _of_file(self, file: Path) -> str:
        facts = file.stat()
        key = f"{file} {facts.st_size} {facts.st_mtime_ns}"
        if key not in self._files:
            self._files[key] = _sha256(file.read_bytes())
        return self._files[key]


def digests_of_networks(names: Iterable[str]) -> list[str]:
    """Raises KeyError where no pack that comes with Regard has a network."""
    every = {
        model.name: model.sha256 for pack in builtin_packs() for model in find_pack(pack).models.values()
    }
    return [f"{name}: {every[name]}" for name in sorted(set(names))]


def digest_of_code(modules: Iterable[str], aside: Iterable[str] = ()) -> list[str]:
    """A line for each module of the project that the modules are made of."""
    found = sorted(imported(modules, aside).items())
    return [f"{name}: {_read(file, file.stat().st_mtime_ns).digest}" for name, file in found]


def imported(modules: Iterable[str], aside: Iterable[str] = ()) -> dict[str, Path]:
    """The modules, and what they import of the project, by name. Packages above them count where they are
    imported by name; the packs of networks never do. Raises ModuleNotFoundError where one of the modules is
    none of the project.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    for name in waiting:
        if _file_of(name) is None:
            raise ModuleNotFoundError(f"The project has no module {name}.")
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if file is None or name in found or name in aside or name.startswith(_ASIDE):
            continue
        found[name] = file
        waiting += _read(file, file.stat().st_mtime_ns).imports
    return found


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)  # each may be a module


def _file_of(module: str) -> Path | None:
    first, *_ = parts = module.split(".")
    if first not in _PROJECT:
        return None
    place = _PROJECT[first].joinpath(*parts)
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.exists():
            return file
    return None


@dataclass(frozen=True)
class _Module:
    """The modules that one may import, and the digest of its syntax tree without docstrings."""

    imports: tuple[str, ...]
    digest: str


@cache
def _read(file: Path, _changed: int) -> _Module:
    tree = ast.parse(file.read_text("utf-8"))
    imports = tuple(_imports(tree))
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return _Module(imports, _sha256(ast.dump(tree).encode()))


def matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """What is in a folder by patterns. Raises FileNotFoundError where a pattern names nothing."""
    found: set[Path] = set()
    for pattern in patterns:
        some = list(folder.glob(pattern))
        if not some:
            raise FileNotFoundError(f"There is no {pattern} in {folder}.")
        found.update(some)
    return sorted(found)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
