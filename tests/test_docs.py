"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from regard.cli import app
from tests.conftest import Server

ROOT = Path(__file__).parent.parent
PAGES = (
    "accuracy",
    "api",
    "compatibility",
    "errors",
    "governance",
    "labels",
    "operate",
    "operations",
    "settings",
    "thresholds",
)  # that docs/generate.py writes tables into


def loaded(name: str):
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses are looked up
    spec.loader.exec_module(module)
    return module


def generator():
    return loaded("generate")


@pytest.mark.parametrize("file", ["README.md", *(f"docs/{page}.md" for page in PAGES)])
def test_generated_tables_are_current(file: str) -> None:
    text = generator().pages()[ROOT / file]
    assert (ROOT / file).read_text() == text, "run: .venv/bin/python docs/generate.py"


def test_the_tables_have_all_75_operations() -> None:
    generate = generator()
    declared = [one for operations in generate.by_area().values() for one in operations]
    built = [one.name for one in declared if not one.is_own and not one.is_streamed]
    assert len(set(built) | set(generate.unbuilt())) == len(built) + len(generate.unbuilt()) == 75


def test_every_built_operation_says_what_it_does() -> None:
    from regard.operations import OPERATIONS

    assert [key for key, one in OPERATIONS.items() if not one.run.__doc__] == []


def test_every_command_is_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    for name, lazy in get_command(app).commands.items():  # type: ignore[attr-defined]
        command = lazy.load()
        for path in [f"{name} {sub}" for sub in getattr(command, "commands", ())] or [name]:
            assert f"`regard {path}" in page


def test_every_relative_link_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_readmes_example_finds_the_person(server: Server) -> None:
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert "http://127.0.0.1:8090" in example
    done = subprocess.run(
        [sys.executable, "-c", example.replace("http://127.0.0.1:8090", server.endpoint)],
        cwd=ROOT,
        env={**os.environ, "AWS_SHARED_CREDENTIALS_FILE": str(server.credentials_file)},
        capture_output=True,
        text=True,
    )
    name, similarity = done.stdout.split()
    assert (name, float(similarity) > 99) == ("eileen", True), done.stderr


def test_the_layers_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
