"""A hold is one's at a time, and leaves the database free for others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.postgres import Place

from regard.errors import ThrottlingException
from regard.governance.keys import KeyStore
from regard.storage.database import Database


def test_who_waits_for_a_hold_too_long_is_told_to_try_again(place: Place, tmp_path: Path) -> None:
    one = place.open()
    other = Database.open(tmp_path / "data", place.url, busy_seconds=0.2)
    with one.hold("7-faces"):
        with pytest.raises(ThrottlingException, match="Try your call again"), other.hold("7-faces"):
            pass
        KeyStore(other).find("nobody")
        with other.write() as connection:
            connection.exec_driver_sql("update facts set value = value")
    with other.hold("7-faces"):
        pass
    other.close()
