"""Measures how the source is built: `python docs/measure_code.py [--source DIR]`.

    python docs/measure_code.py                            # this tree, in a table
    python docs/measure_code.py --source ../elsewhere      # another checkout
    python docs/measure_code.py --check                    # fails where a goal is missed
    python docs/measure_code.py --write [--before DIR]     # writes docs/structure.md

A checkout of any age is measured by the same rules, which docs/structure.md spells out. Without `--before`,
the page keeps its first column.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "structure.md"
_BEGIN = "<!-- measures: begin (made by docs/measure_code.py) -->"
_END = "<!-- measures: end -->"
_OWN = (
    "GetJob",
    "ListJobs",
    "CancelJob",
    "GetJobCounts",
)  # of Regard's own operations, those that are oldest
_PROBE = "CancelJob"
_DECLARATION = "Operation"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """The Python files of a checkout's `src/regard`, parsed."""

    folder: Path

    @cached_property
    def texts(self) -> Mapping[Path, str]:
        """By path in the folder."""
        files = sorted(self.folder.rglob("*.py"))
        return {file.relative_to(self.folder): file.read_text("utf-8") for file in files}

    @cached_property
    def trees(self) -> Mapping[Path, ast.Module]:
        return {path: ast.parse(text) for path, text in self.texts.items()}

    def nodes(self) -> Iterator[tuple[Path, ast.AST]]:
        for path, tree in self.trees.items():
            for node in ast.walk(tree):
                yield path, node

    def functions(self) -> Iterator[tuple[Path, Function]]:
        """Methods and nested functions too."""
        for path, node in self.nodes():
            if isinstance(node, Function):
                yield path, node

    def lines(self, part: str) -> int:
        """Of all modules in a package."""
        return sum(len(text.splitlines()) for path, text in self.texts.items() if path.parts[0] == part)


def operation_names() -> set[str]:
    """Rekognition's, and Regard's oldest own, as the API and as botocore writes them."""
    names = {*get_session().get_service_model("rekognition").operation_names, *_OWN}
    return names | {xform_name(name) for name in names}


def operation_tables(source: Source) -> list[str]:
    """Where literals have two operations or more as keys, members or cases, outside of declarations."""
    names = operation_names()
    found = []
    for path, tree in source.trees.items():
        declared = {id(part) for call in ast.walk(tree) if _is_declaration(call) for part in ast.walk(call)}
        for node in ast.walk(tree):
            if id(node) not in declared and any(_count(part, names) >= 2 for part in _entries(node)):
                found.append(f"{path}:{node.lineno}")  # type: ignore[attr-defined]
    return found


def _is_declaration(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _DECLARATION


def _entries(node: ast.AST) -> Iterator[Sequence[ast.AST | None]]:
    """What a literal has entries of: keys and values, members, or the values of cases."""
    if isinstance(node, ast.Dict):
        yield node.keys
        yield node.values
    elif isinstance(node, ast.Set | ast.List | ast.Tuple):
        yield node.elts
    elif isinstance(node, ast.Match):
        patterns = (part for case in node.cases for part in ast.walk(case.pattern))
        yield [part.value for part in patterns if isinstance(part, ast.MatchValue)]


def _count(entries: Iterable[ast.AST | None], names: set[str]) -> int:
    return sum(isinstance(entry, ast.Constant) and entry.value in names for entry in entries)


def repeated_classes(source: Source) -> dict[str, list[str]]:
    """Names of classes that are defined in several files, an underscore before them apart."""
    defined: dict[str, set[str]] = defaultdict(set)
    for path, node in source.nodes():
        if isinstance(node, ast.ClassDef):
            defined[node.name.lstrip("_")].add(str(path))
    return {name: sorted(paths) for name, paths in sorted(defined.items()) if len(paths) > 1}


def overlapping_functions(source: Source) -> list[str]:
    """Functions that take the lesser of two ends less the greater of two begins, in two directions."""
    return [f"{path}:{function.name}" for path, function in source.functions() if _overlaps(function)]


def _overlaps(function: Function) -> bool:
    ends: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target, value in _assigned(node):
                kind = _end(value.elt if isinstance(value, ast.GeneratorExp) else value, {})
                if kind:
                    ends[target] = kind
    lengths = 0
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            lengths += (_end(node.left, ends), _end(node.right, ends)) == ("min", "max")
    is_area = any("prod" in _called(node) for node in ast.walk(function))
    return lengths >= 2 or (lengths == 1 and is_area)


def _assigned(node: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=False)
            yield from ((name.id, value) for name, value in pairs if isinstance(name, ast.Name))
        elif isinstance(target, ast.Tuple):
            yield from ((name.id, node.value) for name in target.elts if isinstance(name, ast.Name))


def _end(node: ast.expr, known: Mapping[str, str]) -> str:
    """`min` or `max`, where that is what an expression takes of two or more."""
    if isinstance(node, ast.Subscript):
        return _end(node.value, known)
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Call) and len(node.args) >= 2:
        return {"min": "min", "minimum": "min", "max": "max", "maximum": "max"}.get(_called(node), "")
    return ""


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def own_operation_files(source: Source) -> list[str]:
    """Files that name one of Regard's own operations, commands and pages apart: what one more would touch."""
    names = (_PROBE, xform_name(_PROBE))
    others = {
        path.relative_to(source.folder): path.read_text("utf-8") for path in source.folder.rglob("*.json")
    }
    return [
        str(path)
        for path, text in sorted({**source.texts, **others}.items())
        if path.parts[0] not in ("cli", "console") and any(name in text for name in names)
    ]


def function_lengths(source: Source) -> list[int]:
    """In lines, from `def` to the last."""
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for _, node in source.functions()]


def module_lengths(source: Source) -> list[int]:
    """In lines, but for what only makes a folder a package."""
    lengths = {path: len(text.splitlines()) for path, text in source.texts.items()}
    return [length for path, length in lengths.items() if path.name != "__init__.py" or length > 1]


def documented_share(source: Source) -> float:
    """Of the functions and methods that are public, the share that has a docstring."""
    public = [
        function
        for tree in source.trees.values()
        for scope in ast.walk(tree)
        if isinstance(scope, ast.Module | ast.ClassDef) and not getattr(scope, "name", "").startswith("_")
        for function in scope.body
        if isinstance(function, Function) and not function.name.startswith("_")
    ]
    return sum(ast.get_docstring(function) is not None for function in public) / max(len(public), 1)


def spread(lengths: Sequence[int]) -> str:
    """Median, 95th percentile and maximum."""
    percentile = statistics.quantiles(lengths, n=20)[-1] if len(lengths) > 1 else lengths[0]
    return f"{statistics.median(lengths):.0f} / {percentile:.0f} / {max(lengths)}"


@dataclass(frozen=True)
class Measure:
    """What is measured, what it is to be, and whether a value is so."""

    title: str
    value: Callable[[Source], str]
    goal: str = ""
    is_met: Callable[[str], bool] = lambda _: True


def _at_most(limit: int) -> tuple[str, Callable[[str], bool]]:
    return f"≤ {limit}", lambda value: int(value) <= limit


MEASURES = (
    Measure("tables keyed by operations", lambda source: str(len(operation_tables(source))), *_at_most(2)),
    Measure(
        "class names defined in several files",
        lambda source: str(len(repeated_classes(source))),
        *_at_most(3),
    ),
    Measure(
        "functions that take the overlap of boxes",
        lambda source: str(len(overlapping_functions(source))),
        *_at_most(1),
    ),
    Measure(
        "files that one more own operation touches",
        lambda source: str(len(own_operation_files(source))),
        *_at_most(2),
    ),
    Measure("lines of storage/", lambda source: f"{source.lines('storage'):,}"),
    Measure("lines of cli/", lambda source: f"{source.lines('cli'):,}"),
    Measure("lines of a function: median / 95 % / maximum", lambda source: spread(function_lengths(source))),
    Measure(
        "lines of a module: median / 95 % / maximum",
        lambda source: spread(module_lengths(source)),
        "maximum ≤ 400",
        lambda value: int(value.split(" / ")[-1]) <= 400,
    ),
    Measure("public functions with a docstring", lambda source: f"{100 * documented_share(source):.0f} %"),
)


def measured(source: Source) -> dict[str, str]:
    """Values by title."""
    return {measure.title: measure.value(source) for measure in MEASURES}


def page(text: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The page with both columns in its table."""
    rows = ["| | before | now | goal |", "|---|---|---|---|"]
    for one in MEASURES:
        rows.append(f"| {one.title} | {before.get(one.title, '')} | {after[one.title]} | {one.goal} |")
    head, rest = text.split(_BEGIN)[0], text.split(_END)[1]
    return f"{head}{_BEGIN}\n" + "\n".join(rows) + f"\n{_END}{rest}"


def _kept(text: str) -> dict[str, str]:
    """What the page says of before."""
    rows = [row.strip("| ").split(" | ") for row in text.split(_BEGIN)[1].split(_END)[0].splitlines()[3:]]
    return {row[0]: row[1] for row in rows if len(row) > 1}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", type=Path, default=ROOT, help="a checkout; this one, when not given")
    parser.add_argument("--check", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--list", action="store_true", help="also name the places that are counted")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("--before", type=Path, help="with --write: the checkout of the first column")
    chosen = parser.parse_args(arguments)
    source = Source(chosen.source / "src" / "regard")
    values = measured(source)
    for one in MEASURES:
        missed = "" if one.is_met(values[one.title]) else "missed"
        print(f"{one.title:46}{values[one.title]:>16}   {one.goal:16}{missed}".rstrip())
    if chosen.list:
        for count in (operation_tables, repeated_classes, overlapping_functions, own_operation_files):
            print(f"\n{count.__name__}\n  " + "\n  ".join(map(str, _named(count(source)))))
    if chosen.write:
        text = PAGE.read_text("utf-8")
        before = _kept(text) if chosen.before is None else measured(Source(chosen.before / "src" / "regard"))
        PAGE.write_text(page(text, before, values), "utf-8")
    return int(chosen.check and not all(one.is_met(values[one.title]) for one in MEASURES))


def _named(found: Mapping[str, list[str]] | list[str]) -> list[str]:
    return (
        found if isinstance(found, list) else [f"{name}: {', '.join(paths)}" for name, paths in found.items()]
    )


if __name__ == "__main__":
    sys.exit(main())
