"""An office with a gallery of the person whom it searches. A module's tests share one process' parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reviewing import ReviewOffice

from regard.app import Parts, build
from regard.packs.install import InstalledPack
from regard.settings import Settings


@pytest.fixture(scope="module")
def shared_parts(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Everything of one process, whose models are loaded once."""
    built = build(Settings.load({}, data=tmp_path_factory.mktemp("office") / "data"))
    yield built
    built.close()


@pytest.fixture
def empty_office(shared_parts: Parts) -> Iterator[ReviewOffice]:
    """One whose people are its own, without a gallery."""
    office = ReviewOffice(shared_parts)
    yield office
    office.close()


@pytest.fixture
def office(empty_office: ReviewOffice, portrait: Path, other_portrait: Path) -> ReviewOffice:
    """One with a gallery of two people, of whom the portrait's is searched for."""
    empty_office.gallery(other_portrait, portrait)
    return empty_office
