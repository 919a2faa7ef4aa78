from __future__ import annotations

import configparser
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.postgres import Place

from regard.errors import RegardError
from regard.governance.credentials import write_credentials
from regard.governance.keys import KeyStore


@pytest.fixture
def keys(place: Place) -> KeyStore:
    return KeyStore(place.open())


def test_the_first_key_is_an_admin_in_a_private_credentials_file(keys: KeyStore, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    assert keys.ensure_admin(file)
    profile = configparser.ConfigParser()
    profile.read(file)
    key = keys.find(profile["default"]["aws_access_key_id"])
    assert key is not None
    assert (key.role, key.secret) == ("admin", profile["default"]["aws_secret_access_key"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_there_is_only_one_first_key(keys: KeyStore, tmp_path: Path) -> None:
    keys.ensure_admin(tmp_path / "credentials")
    assert keys.ensure_admin(tmp_path / "credentials") is None
    assert len(keys.all()) == 1


def secret_in(file: Path) -> str:
    profile = configparser.ConfigParser()
    profile.read(file)
    return profile["default"]["aws_secret_access_key"]


def test_a_second_server_finds_the_first_ones_key_in_a_folder_of_its_own(
    keys: KeyStore, place: Place, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    key = keys.ensure_admin(first)
    assert key is not None
    assert KeyStore(place.open()).ensure_admin(second) is None
    assert secret_in(first) == secret_in(second) == key.secret
    assert stat.S_IMODE(second.stat().st_mode) == 0o600


def test_servers_that_start_at_once_share_one_first_key(place: Place, tmp_path: Path) -> None:
    stores = [KeyStore(place.open()) for _ in range(4)]
    files = [tmp_path / str(n) for n in range(4)]
    with ThreadPoolExecutor(4) as executor:
        made = list(executor.map(KeyStore.ensure_admin, stores, files))
    assert len([key for key in made if key is not None]) == 1
    assert len(stores[0].all()) == 1
    assert {secret_in(file) for file in files} == {stores[0].all()[0].secret}


def test_neither_a_suspended_key_nor_a_persons_is_written_down_again(keys: KeyStore, tmp_path: Path) -> None:
    key = keys.ensure_admin(tmp_path / "first")
    assert key is not None
    keys.create("ann", "admin")
    keys.suspend(key.key_id)
    assert keys.ensure_admin(tmp_path / "second") is None
    assert not (tmp_path / "second").exists()


def test_a_credentials_file_that_is_there_stays(keys: KeyStore, tmp_path: Path) -> None:
    keys.ensure_admin(tmp_path / "first")
    mine = tmp_path / "mine"
    mine.write_text("[work]")
    keys.ensure_admin(mine)
    assert mine.read_text() == "[work]"


def test_other_keys_do_not_stand_in_for_an_admin(keys: KeyStore, tmp_path: Path) -> None:
    keys.create("ann", "auditor")
    assert keys.ensure_admin(tmp_path / "credentials") is not None


def test_a_key_that_can_not_be_written_down_is_not_made(keys: KeyStore, tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="can't be written"):
        keys.ensure_admin(tmp_path / "nowhere" / "credentials")
    assert keys.all() == []


def test_credentials_of_others_are_never_replaced(keys: KeyStore, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("[work]")
    with pytest.raises(RegardError, match="There is a file"):
        write_credentials(file, "AKID", "secret")
    assert file.read_text() == "[work]"


def test_no_two_keys_are_alike(keys: KeyStore) -> None:
    made = [keys.create(str(n), "operator") for n in range(20)]
    assert len({key.key_id for key in made}) == len({key.secret for key in made}) == 20


def test_a_name_is_given_once(keys: KeyStore) -> None:
    keys.create("ann", "operator")
    with pytest.raises(RegardError, match="named ann already"):
        keys.create("ann", "operator")


def test_a_suspension_is_seen_by_every_process_at_once(keys: KeyStore, place: Place) -> None:
    other = KeyStore(place.open())
    key = keys.create("ann", "operator", policy={"Version": "2012-10-17"})
    other.suspend(key.key_id)
    found = keys.find(key.key_id)
    assert found is not None
    assert found.suspended is not None
    other.suspend(key.key_id, suspended=False)
    assert keys.find(key.key_id) == key


def test_a_key_never_prints_its_secret(keys: KeyStore) -> None:
    key = keys.create("ann", "operator")
    assert key.secret not in repr(key)
