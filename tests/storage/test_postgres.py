"""PostgreSQL: what is said when it can't be used, and what is kept of a password."""

from __future__ import annotations

import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.postgres import PASSWORD, Cluster

from regard.errors import RegardError, ThrottlingException
from regard.settings import Settings
from regard.storage.backend import Turn
from regard.storage.database import Database, database_exists
from regard.storage.postgres import parse_url
from regard.storage.schema import metadata

NOWHERE = "postgresql://ann:hidden@127.0.0.1:1/regard"  # nothing listens on port 1


def test_the_migrations_make_the_schema(postgres_url: str, tmp_path: Path) -> None:
    database = Database.open(tmp_path, postgres_url)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_servers_that_start_at_once_on_an_empty_database_all_come_up(
    cluster: Cluster, tmp_path: Path
) -> None:
    url = cluster.make_database(empty=True)
    with ThreadPoolExecutor(4) as executor:
        opened = list(executor.map(lambda _: Database.open(tmp_path, url), range(4)))
    for database in opened:
        with database.read() as connection:
            assert connection.exec_driver_sql("select count(*) from alembic_version").scalar() == 1
        database.close()
    cluster.drop_database(url)


def test_commits_are_on_disk_when_they_are_answered_whatever_the_database_has_as_default(
    cluster: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    name = postgres_url.rsplit("/", 1)[1]
    cluster.sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    database = Database.open(tmp_path, postgres_url)
    with database.read() as connection:
        assert connection.exec_driver_sql("show synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("show fsync").scalar() == "on"
    database.close()


def test_a_reader_can_not_write(postgres_url: str, tmp_path: Path) -> None:
    database = Database.open(tmp_path, postgres_url)
    with pytest.raises(RegardError, match="can't be written"), database.read() as connection:
        connection.exec_driver_sql("delete from tags")
    database.close()


def test_a_turn_is_one_writers_at_a_time_and_the_next_waits_no_longer_than_it_may(
    postgres_url: str, tmp_path: Path
) -> None:
    one = Database.open(tmp_path, postgres_url)
    two = Database.open(tmp_path, postgres_url, busy_seconds=0.1)
    with one.write(turn=Turn.AUDIT):
        with pytest.raises(ThrottlingException), two.write(turn=Turn.AUDIT):
            pass
        with two.write():
            pass  # other writers are not held up
    with two.write(turn=Turn.AUDIT):
        pass
    for database in (one, two):
        database.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (NOWHERE, "PostgreSQL can't be reached"),
        ("postgresql://ann:hidden@nowhere.invalid/regard", "PostgreSQL can't be reached"),
        ("mysql://ann:hidden@localhost/regard", "must be like postgresql://"),
        ("hidden", "must be like postgresql://"),
        ("postgresql://ann:hidden@localhost:hidden/regard", "must be like postgresql://"),
        ("postgresql://ann:p@hidden@localhost/regard", "@ is %40"),
        ("postgresql://ann:hidden@localhost/regard?no_such_option=1", "no_such_option"),
    ],
)
def test_a_database_that_can_not_be_opened_is_one_sentence_without_the_password(
    tmp_path: Path, url: str, said: str
) -> None:
    with pytest.raises(RegardError, match=said) as caught:
        Database.open(tmp_path, url)
    assert "hidden" not in "".join(traceback.format_exception(caught.value))


def test_what_postgresql_refuses_is_said_with_what_to_do(cluster: Cluster, tmp_path: Path) -> None:
    name = "somewhere_else"
    for url, said in (
        (cluster.url("postgres", password="hidden"), "does not let regard in; check the user"),
        (cluster.url(name), f"There is no database {name} in PostgreSQL; make it with `createdb {name}`"),
        (cluster.url("postgres"), "regard may not make tables in the database postgres"),
    ):
        with pytest.raises(RegardError, match=said) as caught:
            Database.open(tmp_path, url)
        assert "hidden" not in "".join(traceback.format_exception(caught.value))
        assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_a_database_that_can_not_hold_every_name_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    cluster.sql("CREATE DATABASE latin OWNER regard ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(RegardError, match="has the encoding LATIN1"):
        Database.open(tmp_path, cluster.url("latin"))


def test_a_newer_database_is_left_alone_and_says_so(
    cluster: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    cluster.sql("UPDATE alembic_version SET version_num = 'future'", postgres_url.rsplit("/", 1)[1])
    with pytest.raises(RegardError, match="newer version"):
        Database.open(tmp_path, postgres_url)


def test_without_psycopg_it_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path\n"
        "from regard.storage.database import Database\n"
        f"Database.open(Path({str(tmp_path)!r}), {NOWHERE!r})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "pip install 'regard[postgres]'" in done.stderr


def test_looking_for_a_database_makes_none(cluster: Cluster, postgres_url: str, tmp_path: Path) -> None:
    empty = cluster.make_database(empty=True)
    assert database_exists(tmp_path, postgres_url)
    assert not database_exists(tmp_path, empty)
    assert not database_exists(tmp_path, empty)
    with pytest.raises(RegardError, match="can't be reached"):
        database_exists(tmp_path, NOWHERE)
    cluster.drop_database(empty)


def test_a_password_is_in_no_print_of_the_settings_or_the_engine(tmp_path: Path) -> None:
    settings = Settings.load({"REGARD_DATABASE": "postgresql://ann:hidden@host/regard"})
    assert settings.database is not None
    assert "hidden" not in repr(settings)
    assert "hidden" not in f"{parse_url(settings.database)!r} {parse_url(settings.database)}"


def test_a_password_may_have_any_character_that_is_written_as_in_a_url() -> None:
    assert parse_url("postgres://ann:p%40ss%2Fw%25rd@host/regard").password == "p@ss/w%rd"
