"""A quota on faces that are stored holds however many enrol at once, and what is erased makes room."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from regard.caller import LOCAL, Caller, Person
from regard.collections.records import NewFace, StoredFace
from regard.errors import ServiceQuotaExceededException
from regard.governance.audit import AuditLog
from regard.metering.quotas import Limit, Quotas, QuotaStore
from regard.metering.stored_faces import Enrollers
from regard.metering.usage import UsageStore
from regard.vision.geometry import Box
from tests.collections.user_stores import PEOPLE, Stores
from tests.postgres import Place

INES = Person("P-2026-000001", "ines", ("operator",))
KEY = Caller("KEY", "script", "operator")
ONE = Caller("ONE", "one", "operator", person=INES)
OTHER = Caller("OTHER", "other", "operator", person=INES)


class Server:
    """What one server has of a database with two collections."""

    def __init__(self, place: Place) -> None:
        self.stores = Stores(place.open())
        database = self.stores.database
        self.quota_store = QuotaStore(database)
        usage = UsageStore(database, AuditLog(database))
        self.quotas = Quotas(
            self.quota_store, usage, None, warn=lambda _: None, stored=self.quota_store.count_faces
        )
        self.quotas.refresh()
        self.enrollers = Enrollers(database, self.quotas)

    def allow(self, holder: str, faces: int) -> None:
        self.quota_store.replace(holder, {Limit.FACES: faces})
        self.quotas.refresh()

    def enrol(self, place: int, caller: Caller = KEY, collection: str = "c") -> list[StoredFace]:
        return self.stores.gallery.add(
            self.stores.collections.get(collection),
            [NewFace(Box(0.1, 0.1, 0.1, 0.1), 99.0, PEOPLE[0][place])],
            image_digest=str(place),
            external_image_id="e",
            enroller=self.enrollers.of(caller),
        )

    @property
    def used(self) -> int | None:
        return next(one.used for one in self.quotas.listed())


@pytest.fixture
def server(place: Place) -> Iterator[Server]:
    made = Server(place)
    for name in ("c", "d"):
        made.stores.collections.create(name, "2.0")
    yield made
    made.stores.database.close()


def test_the_last_face_of_a_quota_is_stored_and_the_next_is_not(server: Server) -> None:
    server.allow("KEY", 2)
    server.enrol(0)
    server.enrol(1)
    with pytest.raises(ServiceQuotaExceededException, match="KEY has used its quota of faces stored up"):
        server.enrol(2)
    assert server.stores.collections.get("c").face_count == 2


def test_the_same_picture_again_takes_no_room(server: Server) -> None:
    server.allow("KEY", 1)
    [first] = server.enrol(0)
    assert server.enrol(0) == [first]


def test_what_is_erased_makes_room(server: Server) -> None:
    server.allow("KEY", 1)
    [face] = server.enrol(0)
    server.stores.gallery.delete(server.stores.collections.get("c"), [face.face_id])
    server.enrol(1)
    server.stores.collections.delete(server.stores.collections.get("c"))
    server.enrol(2, collection="d")
    assert server.used == 1


def test_a_person_s_quota_holds_for_all_their_keys_together(server: Server) -> None:
    server.allow(INES.person_id, 2)
    server.enrol(0, ONE)
    server.enrol(1, OTHER, "d")
    with pytest.raises(ServiceQuotaExceededException, match="P-2026-000001 has used"):
        server.enrol(2, ONE)
    server.enrol(3, KEY)


def test_faces_from_before_the_quota_was_set_count(server: Server) -> None:
    server.enrol(0)
    server.allow("KEY", 1)
    assert server.used == 1
    with pytest.raises(ServiceQuotaExceededException):
        server.enrol(1)


def test_the_owner_of_the_data_folder_has_no_quota(server: Server) -> None:
    server.allow(LOCAL.key_id, 0)
    server.enrol(0, LOCAL)


def test_servers_that_enrol_into_several_collections_at_once_do_not_pass_it_together(
    server: Server, place: Place
) -> None:
    server.allow("KEY", 5)
    other = Server(place)

    def enrol(number: int) -> bool:
        try:
            (server, other)[number % 2].enrol(number, collection="cd"[number // 2 % 2])
        except ServiceQuotaExceededException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(enrol, range(24))) == 5
    assert server.used == 5
    other.stores.database.close()
