"""One meaning a word: what docs/glossary.md promises of names."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "regard"
GLOSSARY = ROOT / "docs" / "glossary.md"

BANNED = frozenset(
    {"chance", "chances", "least", "most", "look", "looks", "sweep", "sweeps", "thing", "things"}
)
REPEATED: dict[str, str] = {}  # names of classes that may be used twice, three at most, and why


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(SOURCE.rglob("*.py")):
        yield file.relative_to(SOURCE), ast.parse(file.read_text("utf-8"))


def words(name: str) -> set[str]:
    """The words of a name in snake case or camel case."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The identifiers that a module defines, with their lines. What others define isn't ours to name."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name, node.lineno
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno


def banned(tree: ast.Module) -> list[tuple[str, int]]:
    return [(name, line) for name, line in defined(tree) if words(name) & BANNED]


def named() -> list[str]:
    """Dotted paths below `regard` that the glossary's tables name."""
    rows = [line for line in GLOSSARY.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [row.strip("| ").split(" | ") for row in rows]
    return [path for cell in cells if len(cell) == 3 for path in re.findall(r"`([\w.]+)`", cell[2])]


def is_there(path: str) -> bool:
    """Whether a class, or a function where there is no class, is in its module."""
    module, _, name = path.rpartition(".")
    file = SOURCE.joinpath(*module.split("."))
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    if not file.is_file():
        return False
    body = ast.parse(file.read_text("utf-8")).body
    return any(isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name for node in body)


def test_a_class_has_its_name_to_itself() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(f"{path}:{node.lineno}")
    repeated = {name: found for name, found in places.items() if len(found) > 1}
    assert repeated.keys() == REPEATED.keys(), repeated


def test_few_names_are_excused() -> None:
    assert len(REPEATED) <= 3
    assert all(REPEATED.values())


def test_no_name_has_a_word_that_is_not_used() -> None:
    found = [f"{path}:{line}: {name}" for path, tree in trees() for name, line in banned(tree)]
    found += [str(path) for path, _ in trees() if words(str(path)) & BANNED]
    assert found == []


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("most = 1", ["most"]),
        ("_LEAST_SIDE = 1", ["_LEAST_SIDE"]),
        ("class HeadLook: ...", ["HeadLook"]),
        ("class HTTPLook: ...", ["HTTPLook"]),
        ("def run(*, at_least): ...", ["at_least"]),
        ("self.chance = 1", ["chance"]),
        ("import sweeping as sweep", ["sweep"]),
        ("def lookup(almost, anything): ...", []),
        ("counter.most_common(1)", []),
    ],
)
def test_words_of_names_are_told_apart(code: str, names: list[str]) -> None:
    assert [name for name, _ in banned(ast.parse(code))] == names


def test_every_class_that_the_glossary_names_is_there() -> None:
    assert [path for path in named() if not is_there(path)] == []


def test_the_glossary_names_a_place_for_every_word() -> None:
    rows = [line.strip("| ").split(" | ") for line in GLOSSARY.read_text("utf-8").splitlines()]
    entries = [row for row in rows if len(row) == 3 and row[0] != "word"]
    assert len(entries) >= 60
    assert [word for word, _, where in entries if not re.search(r"`[\w.]+`", where)] == []


def test_a_word_stands_once_in_the_glossary() -> None:
    rows = [line.strip("| ").split(" | ") for line in GLOSSARY.read_text("utf-8").splitlines()]
    entries = [row[0] for row in rows if len(row) == 3 and row[0] != "word"]
    assert len(entries) == len(set(entries))
