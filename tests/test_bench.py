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
