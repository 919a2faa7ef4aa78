"""Commands are imported when they are run."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command

from regard.cli import app

LOADED = """
import sys
from regard.cli import main
sys.argv = ["regard", sys.argv[1]]
try:
    main()
except SystemExit:
    print("\\n", *sys.modules)
"""
HEAVY = {
    "numpy",
    "cv2",
    "av",
    "onnxruntime",
    "sqlalchemy",
    "botocore",
    "boto3",
    "faiss",
    "PIL",
    "starlette",
    "jinja2",
}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_no_library_that_only_commands_need(option: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, option], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()[-1].split()
    assert "regard.cli" in modules
    assert HEAVY & set(modules) == set()
    assert len([name for name in modules if name.startswith("regard.")]) <= 5, "the command line itself"


@pytest.mark.parametrize("name", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_entry_leads_to_a_command_that_says_more_than_its_line_of_help(name: str) -> None:
    lazy = get_command(app).commands[name]  # type: ignore[attr-defined]
    command = lazy.load()
    assert command.name == name
    assert command.help
    assert len(lazy.help) < 64, "one line in 80 columns"
