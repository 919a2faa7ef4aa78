"""What the tutorials tell a stranger to type leads where they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.packs.install import InstalledPack
from tests.walked import Reader

ROOT = Path(__file__).parent.parent
TUTORIALS = ROOT / "docs" / "tutorial"


@pytest.fixture
def clone(installed_pack: InstalledPack, tmp_path: Path) -> Path:
    """A folder that has of a clone what the tutorials name."""
    folder = tmp_path / "regard"
    folder.mkdir()
    for name in ("docs", "tests"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_afternoon_leads_from_a_clone_to_two_servers_on_one_database(
    clone: Path, postgres_url: str
) -> None:
    reader = Reader(
        clone,
        {
            "make run": "regard serve --tls-local",  # an environment and the models are there already
            "postgresql://regard:PASSWORD@localhost/regard": postgres_url,
        },
    )
    reader.follow(TUTORIALS / "production.md")
    assert '{"status":"ok"' in reader.said
    assert "['astronaut']" in reader.said
    assert "not authorized to perform: rekognition:DeleteCollection" in reader.said
    assert "['grace']" in reader.said
    assert "refused" in reader.said
    assert (clone / "seen.png").is_file()


@pytest.mark.slow
def test_an_archive_is_enrolled_and_searched_and_erased(clone: Path) -> None:
    reader = Reader(clone, {})
    reader.follow(TUTORIALS / "archive.md")
    assert "eileen" in reader.said
    assert "grace" in reader.said
    assert (clone / "found.jpg").is_file()
