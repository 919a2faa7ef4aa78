"""All measurements have one command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench import measurement
from bench.__main__ import MEASUREMENTS, main


def test_the_list_says_what_each_measures_and_needs(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--list"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(MEASUREMENTS)
    assert next(line for line in lines if line.startswith("tracking")).startswith(
        "tracking --data … --cache …"
    )
    assert all(line.endswith(MEASUREMENTS[line.split()[0]].says) and len(line) > 50 for line in lines)


ROWS: dict[str, list[measurement.Row]] = {
    "few facts stand beside each other": [
        {"engine": name, "pictures": 60, "CPU ms, median": 12.5, "regard takes": "", "quartiles": "0.8 - 0.9"}
        for name in ("regard", "face_recognition", "CenterNet, bare")
    ],
    "many facts of few rows stand below each other": [
        {f"a fact with a long name {fact}": 1234.5 + row for fact in range(14)} for row in range(3)
    ],
    "a table that all but fills the line": [
        {
            "what": kind,
            "DetectFaces, 100 kB image": "0.943 (0.540-1.420)",
            "ListCollections of 100": "0.893 (0.715-1.077)",
            "DescribeCollection": "0.913 (0.843-1.125)",
            "a request that is refused": "0.956 (0.908-1.017)",
        }
        for kind in ("wall ms, other", "CPU ratio")
    ],
    "many facts of many rows have a line each": [
        {f"a_name_without_a_gap_{fact}": f"a_value_without_a_gap_{row}" for fact in range(9)}
        for row in range(9)
    ],
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_table_is_whole_on_eighty_columns(
    kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(measurement, "RESULTS", tmp_path)
    measurement.run("made", iter([("Made", ROWS[kind])]), markdown=False)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    texts = {text for row in ROWS[kind] for fact in row.items() for text in fact if isinstance(text, str)}
    assert {word for text in texts for word in text.split()} <= set(printed.split())


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_can_be_imported_and_run(name: str) -> None:
    assert callable(MEASUREMENTS[name].load().run)


def test_what_a_measurement_needs_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "tracking", "--data", "."])
    assert "tracking needs --cache" in capsys.readouterr().err


def test_rows_with_other_facts_stand_under_their_own_names(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(measurement, "RESULTS", tmp_path)
    rows: list[measurement.Row] = [{"a": 1.0, "b": "x"}, {"a": 0.25, "c": 3}]
    measurement.run("made", iter([("Made", rows)]), markdown=True)
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| a | b | c |",
        "| --- | --- | --- |",
        "| 1.00 | x |  |",
        "| 0.25 |  | 3 |",
        "",
    ]
    [file] = tmp_path.glob("made-*.jsonl")
    assert [json.loads(line)["a"] for line in file.read_text().splitlines()] == [1.0, 0.25]
