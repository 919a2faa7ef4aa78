"""A server that is killed at any moment leaves no answer without its record, and no review without one."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import select
from tests.clients.test_strict_clients import as_key, naming
from tests.conftest import Server, start_server, stop_server
from tests.responsible import CASE, Office

from regard.app import Parts, build, declared_operations
from regard.caller import LOCAL
from regard.context import silent
from regard.governance.purpose import TAG
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.schema import ratings, reviews

KILLS = int(os.environ.get("KILLS", "20"))
ROLES = {"ines": "investigator", "otto": "operator", "rita": "reviewer", "rolf": "reviewer"}
TRAINED = {"ines": "search", "rita": "review", "rolf": "review"}
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=30)  # a second attempt would hide what became


@dataclass
class Told:
    """What clients were answered: requests that were searches, reviews by those who rated them, and
    authorizations; `failed` is what should not have been."""

    searches: list[str] = field(default_factory=list)
    rated: set[tuple[str, str]] = field(default_factory=set)
    authorizations: list[str] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)


class Killed:
    """A data folder whose servers are killed."""

    def __init__(self, folder: Path, photo: bytes) -> None:
        self.folder = folder
        self.told = Told()
        self.answered = threading.Event()
        self.photo = photo
        server = start_server(folder)
        with self.parts() as parts:
            office = Office(parts)
            self.people = {
                name: office.person(name, role, trained=TRAINED.get(name)) for name, role in ROLES.items()
            }
            self.keys = {}
            for name, role in ROLES.items():
                made = office.call("create_key", Name=f"{name}-key", Role=role, Person=name)
                self.keys[name] = (made["KeyId"], made["SecretAccessKey"])
        server.client().create_collection(CollectionId="wanted", Tags={TAG: "law-enforcement"})
        operator = as_key(server, self.keys["otto"])
        self.faces = []
        for number in range(4):
            answer = operator.index_faces(
                CollectionId="wanted", Image={"Bytes": photo}, ExternalImageId=f"e{number}", MaxFaces=1
            )
            self.faces += [one["Face"]["FaceId"] for one in answer["FaceRecords"]]
        stop_server(server)

    def parts(self) -> closing[Parts]:
        return closing(build(Settings.load(data=self.folder), has_models=False))

    def kill_once(self, seconds: float) -> None:
        """Lets clients work for so long after the first answer, and kills the server."""
        server = start_server(self.folder)
        with self.parts() as parts:
            sessions = {
                name: parts.stores.accountability.sessions.open(
                    parts.stores.accountability.people.get(self.people[name]), self.keys[name][0]
                ).token
                for name in ("rita", "rolf")
            }
        workers = [
            threading.Thread(target=self._until_killed, args=(work,))
            for work in (
                lambda: self._search(server),
                lambda: self._rate(server, "rita", sessions["rita"]),
                lambda: self._rate(server, "rolf", sessions["rolf"]),
            )
        ]
        self.answered.clear()
        for worker in workers:
            worker.start()
        self.answered.wait(60)
        time.sleep(seconds)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        for worker in workers:
            worker.join()

    def _until_killed(self, work: Any) -> None:
        try:
            work()
        except BotoCoreError:
            return  # the server was killed
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            self.told.failed.append(error)

    def _search(self, server: Server) -> None:
        """One case after another, each with an authorization, and a search for each of the faces."""
        own = as_key(server, self.keys["ines"], service="regard", config=ONCE)
        while True:
            case = own.create_case(**CASE)["CaseId"]
            client = naming(as_key(server, self.keys["ines"], config=ONCE), case)
            for face in self.faces:
                answer = client.search_faces(CollectionId="wanted", FaceId=face)
                assert "x-regard-review" in answer["ResponseMetadata"]["HTTPHeaders"]
                self.told.searches.append(answer["ResponseMetadata"]["RequestId"])
                self.answered.set()
            made = own.request_authorization(
                CaseId=case, Basis="warrant", CollectionId="wanted", Videos=["films/film.mp4"]
            )
            self.told.authorizations.append(made["AuthorizationId"])

    def _rate(self, server: Server, name: str, token: str) -> None:
        client = as_key(server, self.keys[name], service="regard", config=ONCE)

        def show(request: Any, **_: Any) -> None:
            request.headers["x-regard-session"] = token

        client.meta.events.register("before-sign.regard.*", show)
        while True:
            try:
                taken = client.take_review()["ReviewId"]
            except client.exceptions.ResourceNotFoundException:  # there is nothing to review now
                time.sleep(0.05)
                continue
            sheet = client.get_review_sheet(ReviewId=taken)
            given = [{"Number": number, "Value": 3} for number in sheet["Candidates"]]
            try:
                client.put_ratings(ReviewId=taken, Ratings=given)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConflictException":
                    raise
                continue  # rated before the kill before, and nobody was told
            self.told.rated.add((taken, self.people[name]))

    def check(self) -> None:
        """Holds the log and the tables to what clients were told."""
        assert self.told.failed == []
        with self.parts() as parts:
            log = list(parts.audit.export())
            done = {one["request_id"] for one in log if one.get("outcome") == "ok"}
            assert set(self.told.searches) <= done
            searched = {one["sequence"]: one.get("review") for one in log}
            with parts.database.read() as connection:
                for row in connection.execute(select(reviews.c.review_id, reviews.c.record)):
                    assert searched[row.record] == row.review_id
                found = select(reviews.c.review_id, ratings.c.person_id).join(
                    ratings, ratings.c.review == reviews.c.row
                )
                kept = {tuple(row) for row in connection.execute(found)}
            told = {
                (one["facts"]["ReviewId"], one["person"])
                for one in log
                if one["operation"] == "PutRatings" and one["outcome"] == "ok"
            }
            assert self.told.rated <= kept
            assert kept == told
            named = {one.get("facts", {}).get("AuthorizationId") for one in log}
            assert set(self.told.authorizations) <= named
            asked = {"Operations": declared_operations(), "Known": None}
            rules = parts.gate.call("check_audit_rules", asked, LOCAL, report=silent)
            assert rules["Violations"] == []
            # What nobody was answered, and nobody reads: a case or an authorization of a request that was
            # under way, whose record the kill has prevented.
            answered = {*self.told.authorizations}
            assert not [one for one in rules["Unexplained"] if any(name in one for name in answered)]
            assert parts.gate.call("verify_audit_log", {}, LOCAL)["Intact"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_kill_leaves_an_answer_or_a_review_without_its_record(
    installed_pack: InstalledPack, portrait: Path, tmp_path: Path
) -> None:
    killed = Killed(tmp_path / "data", portrait.read_bytes())
    moments = random.Random(int(os.environ.get("REGARD_TEST_SEED", "1")))
    for number in range(KILLS):
        killed.kill_once(moments.uniform(0, 3.0))
        killed.check()
        print(number + 1, len(killed.told.searches), len(killed.told.rated), len(killed.told.authorizations))
    assert killed.told.searches
    assert killed.told.rated
