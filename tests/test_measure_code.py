"""What the source is measured by, on sources that are made."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from tests.test_docs import loaded


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    return loaded("measure_code")


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('{"detect_faces": 1, "DetectLabels": 2}', 1),
        ('{"a": "detect_faces", "b": "cancel_job"}', 1),
        ('x in ("SearchFaces", "SearchUsers")', 1),
        ('frozenset({"SearchFaces", "SearchUsers"})', 1),
        ('match x:\n    case "detect_text":\n        pass\n    case "detect_faces":\n        pass', 1),
        ('{"detect_faces": 1, "shapes": 2}', 0),
        ('Operation(name="CreateCollection", rights={"Tags": "TagResource", "Other": "TagResource"})', 0),
    ],
)
def test_tables_keyed_by_operations_are_found_outside_of_declarations(
    measure: ModuleType, tmp_path: Path, code: str, count: int
) -> None:
    (tmp_path / "made.py").write_text(code)
    assert len(measure.operation_tables(measure.Source(tmp_path))) == count


def test_a_class_name_counts_once_a_file_and_an_underscore_does_not_hide_it(
    measure: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "one.py").write_text("class Line: ...\nclass Box: ...\nclass _Box: ...")
    (tmp_path / "other.py").write_text("class _Line: ...")
    assert measure.repeated_classes(measure.Source(tmp_path)) == {"Line": ["one.py", "other.py"]}


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        (
            "low = maximum(a[:2], b[:2])\n    high = minimum(a[2:], b[2:])\n    return (high - low).prod()",
            True,
        ),
        ("return (min(a.x, b.x) - max(a.u, b.u)) * (min(a.y, b.y) - max(a.v, b.v))", True),
        ("return min(a.end, b.end) - max(a.start, b.start)", False),
        ("return a.min() - b.max(), a.prod()", False),
    ],
)
def test_overlaps_of_boxes_are_told_from_those_of_spans(
    measure: ModuleType, tmp_path: Path, body: str, is_one: bool
) -> None:
    (tmp_path / "made.py").write_text(f"def shared(a, b):\n    {body}\n")
    assert measure.overlapping_functions(measure.Source(tmp_path)) == (["made.py:shared"] if is_one else [])


def test_the_page_has_every_measure_and_keeps_what_was_before(measure: ModuleType) -> None:
    text = measure.PAGE.read_text("utf-8")
    after = {one.title: "7" for one in measure.MEASURES}
    written = measure.page(text, measure._kept(text), after)
    assert written.count("| 7 |") == len(measure.MEASURES)
    assert measure._kept(written) == measure._kept(text)
    assert measure._kept(text)["tables keyed by operations"] == "16"


def test_the_goals_are_met(measure: ModuleType) -> None:
    values = measure.measured(measure.Source(measure.ROOT / "src" / "regard"))
    missed = {one.title: values[one.title] for one in measure.MEASURES if not one.is_met(values[one.title])}
    assert missed == {}, "python docs/measure_code.py --list names the places"
