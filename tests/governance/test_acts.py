"""No sequence of acts, whoever does them, leads to a state that the rules of the audit log forbid."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.governance.acting import Acts, Template

from regard.app import build
from regard.packs.install import InstalledPack
from regard.settings import Settings

SEQUENCES = int(os.environ.get("SEQUENCES", "10000"))
"""How many the long test runs; each has up to 40 acts."""


@pytest.fixture(scope="module")
def machine(
    installed_pack: InstalledPack,
    tmp_path_factory: pytest.TempPathFactory,
    portrait: Path,
    other_portrait: Path,
) -> Iterator[type[Acts]]:
    folder = tmp_path_factory.mktemp("acts")
    parts = build(Settings.load({}, data=folder / "models"))

    class OfTown(Acts):
        template = Template.make(
            folder / "template", parts.models, [portrait.read_bytes(), other_portrait.read_bytes()]
        )

    yield OfTown
    parts.close()


def run(machine: type[Acts], sequences: int, steps: int, **more: Any) -> None:
    told = settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
    run_state_machine_as_test(machine, settings=told)


def test_no_sequence_of_acts_breaks_a_rule(machine: type[Acts]) -> None:
    run(machine, 8, 25)


@pytest.mark.nightly
@pytest.mark.timeout(0)
def test_no_sequence_of_very_many_breaks_a_rule(machine: type[Acts]) -> None:
    run(machine, SEQUENCES, 40, database=None)
