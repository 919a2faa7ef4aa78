"""`make accuracy` makes again what has changed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest
from training import accuracy, digests
from training.accuracy_steps import INTERMEDIATES, STEPS, Step
from training.digests import Needs, digest_of_code, digests_of_networks, matching
from training.measured_page import Table, page

MODULES = {
    "training/measure.py": "from training.sums import add\n\n\ndef run():\n    return add(1, 2)\n",
    "training/sums.py": "def add(a, b):\n    return a + b\n",
    "training/other.py": "def other():\n    return 0\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three modules, of which one imports another, with data, instead of this one."""
    for name, text in MODULES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    (tmp_path / "data/faces").mkdir(parents=True)
    (tmp_path / "data/faces/one.jpg").write_bytes(b"a picture")
    monkeypatch.setattr(digests, "_PROJECT", {"training": tmp_path})
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    monkeypatch.setattr(accuracy, "PAGE", tmp_path / "measured.md")
    return tmp_path


def steps(monkeypatch: pytest.MonkeyPatch, project: Path, **written: str) -> None:
    """Steps that append their names to `runs`; each runs `written` code as well."""
    needs = Needs(("training.measure",), data=("faces",))
    made = {
        name: Step(
            name.title(),
            ("-c", f"open({str(project / 'runs')!r}, 'a').write({name + ' '!r}); {code}"),
            needs,
            writes=("weights.npz",) if "weights" in code else (),
        )
        for name, code in written.items()
    }
    monkeypatch.setattr(accuracy, "STEPS", made)


def make(project: Path, *words: str) -> tuple[int, list[str]]:
    """The exit code, and the steps that were run."""
    (project / "runs").write_text("")
    code = accuracy.main([str(project / "data"), "--cache", str(project / "cache"), *words])
    return code, (project / "runs").read_text().split()


TABLE = "print('| a |\\n|---|\\n| 1 |')"


def test_a_step_is_kept_until_what_it_was_made_from_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(monkeypatch, project, faces=TABLE)
    assert make(project) == (0, ["faces"])
    assert make(project) == (0, [])
    (project / "training/sums.py").write_text(MODULES["training/sums.py"].replace("a + b", "a - b"))
    assert make(project) == (0, ["faces"])
    (project / "data/faces/one.jpg").write_bytes(b"another picture")
    assert make(project) == (0, ["faces"])


def test_a_comment_a_docstring_and_a_module_of_others_change_nothing(project: Path) -> None:
    before = digest_of_code(["training.measure"])
    sums = project / "training/sums.py"
    sums.write_text('"""Sums."""\n# Of two.\n' + MODULES["training/sums.py"])
    (project / "training/other.py").write_text("def other():\n    return 1\n")
    assert digest_of_code(["training.measure"]) == before
    sums.write_text("def add(a, b):\n    return a * b\n")
    assert digest_of_code(["training.measure"]) != before
    assert digest_of_code(["training.measure"], aside=["training.sums"]) == before[:1]


def test_force_runs_what_is_kept_and_only_runs_what_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(monkeypatch, project, faces=TABLE, labels=TABLE)
    assert make(project, "--only", "labels") == (0, ["labels"])
    assert make(project) == (0, ["faces"])
    assert make(project, "--force") == (0, ["faces", "labels"])


def test_a_step_whose_file_is_not_what_it_wrote_is_run_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(monkeypatch, project, fit="open('weights.npz', 'w').write('1')")
    assert make(project) == (0, ["fit"])
    assert make(project) == (0, [])
    (project / "weights.npz").write_text("2")
    assert make(project) == (0, ["fit"])


def test_a_step_that_fails_leaves_the_others_and_is_run_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps(monkeypatch, project, faces="print('why'); raise SystemExit(3)", labels=TABLE)
    assert make(project) == (1, ["faces", "labels"])
    printed = capsys.readouterr().out
    assert "why" in printed
    assert "| faces | failed (3) |" in printed
    assert "| labels | run |" in printed
    assert make(project) == (1, ["faces"])


def test_the_page_says_which_tables_are_of_an_earlier_build(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(monkeypatch, project, faces=TABLE, labels=TABLE)
    make(project)
    assert "earlier" not in (project / "measured.md").read_text()
    (project / "training/sums.py").write_text("def add(a, b):\n    return 0\n")
    make(project, "--only", "labels")
    faces, labels = (project / "measured.md").read_text().split("## ")[1:]
    assert "By an earlier build than this one." in faces
    assert "| 1 |" in faces
    assert "earlier" not in labels


def test_the_page_has_the_tables_and_the_line_before_each() -> None:
    printed = "3 faces\nhalf of them\n| a |\n|---|\n| 1 |\nthe rest\n"
    text = page([Table("Faces", "python -m measure", printed, is_earlier=False)])
    assert text.split("## Faces")[1].split("\n\n")[1:] == [
        "`python -m measure`",
        "half of them",
        "| a |\n|---|\n| 1 |\n",
    ]


@pytest.mark.parametrize("needs", [*INTERMEDIATES.values(), *(one.needs for one in STEPS.values())])
def test_what_is_needed_is_there(needs: Needs | None) -> None:
    if needs is not None:
        assert digest_of_code(needs.code, needs.aside)
        assert len(digests_of_networks(needs.networks)) == len(set(needs.networks))
        assert matching(digests.ROOT, needs.files) or not needs.files


def test_a_step_that_reads_what_another_writes_comes_after_it() -> None:
    order = list(STEPS)
    for reader, needs in _readers(STEPS):
        for writer, step in STEPS.items():
            read = any(fnmatch(file, pattern) for file in step.writes for pattern in needs.files)
            assert not read or order.index(writer) < order.index(reader), (writer, reader)


def _readers(every: Mapping[str, Step]) -> Iterator[tuple[str, Needs]]:
    """Each step with what it needs, and with what its intermediates need."""
    for name, step in every.items():
        used = [
            needs for key, needs in INTERMEDIATES.items() if any(f"{{{key}}}" in one for one in step.words)
        ]
        for needs in (step.needs, *used):
            if needs is not None:
                yield name, needs
