"""What a copy of a database leaves out."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert, select

from regard.storage import transfer
from regard.storage.database import Database
from regard.storage.schema import liveness_images, liveness_sessions


def test_a_backup_has_no_picture_of_a_check_of_liveness(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "data", None)
    with database.write() as connection:
        session = {
            "session_id": "s",
            "key_id": "k",
            "created": 1,
            "expires": 2,
            "status": "SUCCEEDED",
            "settings": "{}",
            "kept": 3,
        }
        connection.execute(insert(liveness_sessions).values(session))
        image = {"session_id": "s", "position": 0, "content": b"a face", "place": "[]", "is_written": False}
        connection.execute(insert(liveness_images).values(image))
    copy = Database.open(tmp_path / "copy", None)
    with database.read() as connection:
        transfer.copy_into(connection, copy, lambda *_step: None)
    with copy.read() as connection:
        assert connection.execute(select(liveness_images)).all() == []
        assert connection.execute(select(liveness_sessions)).all() == []
    database.close()
    copy.close()
