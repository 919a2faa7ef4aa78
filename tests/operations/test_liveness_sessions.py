"""Sessions of Face Liveness and their credentials, through the gate, with a clock that tests move."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts, build
from regard.errors import (
    IdempotentParameterMismatchException,
    InvalidParameterException,
    SessionNotFoundException,
    UnrecognizedClientException,
    ValidationException,
)
from regard.liveness.records import LivenessImage
from regard.operations.liveness.challenges import choose_challenge
from regard.settings import Settings
from regard.storage.schema import liveness_images
from regard.vision.liveness.challenge import ChallengeKind

MINUTE = 60_000
IMAGE = LivenessImage(b"\xff\xd8 a JPEG", (0.25, 0.25, 0.5, 0.5))


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in ("sessions", "credentials"):
        monkeypatch.setattr(f"regard.liveness.{module}.milliseconds", made)
    return made


@pytest.fixture
def parts(tmp_path: Path) -> Any:
    (tmp_path / "results").mkdir()
    built = build(
        Settings.load(
            {}, data=tmp_path / "data", buckets=f"results={tmp_path / 'results'}", output_buckets="results"
        ),
        has_models=False,
    )
    yield built
    built.close()


class Site:
    """A site's backend: one key."""

    def __init__(self, parts: Parts, name: str) -> None:
        self._gate = parts.gate
        self.key = parts.keys.create(name, "operator").holder

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self._gate.call(operation, request, self.key)

    def create(self, **request: Any) -> str:
        return str(self.call("create_face_liveness_session", **request)["SessionId"])

    def results(self, session_id: str) -> dict[str, Any]:
        return self.call("get_face_liveness_session_results", SessionId=session_id)


@pytest.fixture
def site(parts: Parts) -> Site:
    return Site(parts, "site")


def done(parts: Parts, site: Site, **request: Any) -> str:
    """A session whose check has come to a result, with a reference image and one more."""
    session_id = site.create(**request)
    parts.stores.liveness.begin(session_id, site.key.key_id, 100)
    result = {"Confidence": 87.5, "Feedback": []}
    assert parts.stores.liveness.succeed(session_id, result, [IMAGE, IMAGE])
    return session_id


def test_a_session_waits_three_minutes_for_its_stream(site: Site, clock: Clock):
    session_id = site.create()
    assert site.results(session_id) == {"SessionId": session_id, "Status": "CREATED"}
    clock.now += 3 * MINUTE - 1
    assert site.results(session_id)["Status"] == "CREATED"
    clock.now += 1
    assert site.results(session_id)["Status"] == "EXPIRED"


def test_a_token_gives_the_same_session(site: Site, clock: Clock):
    first = site.create(ClientRequestToken="once")
    assert site.create(ClientRequestToken="once") == first
    assert site.create(ClientRequestToken="twice") != first
    with pytest.raises(IdempotentParameterMismatchException):
        site.create(ClientRequestToken="once", Settings={"AuditImagesLimit": 1})


def test_a_session_is_its_key_s_alone(parts: Parts, site: Site, clock: Clock):
    session_id, other = site.create(), Site(parts, "another")
    with pytest.raises(SessionNotFoundException):
        other.results(session_id)
    with pytest.raises(SessionNotFoundException):
        other.call("create_face_liveness_credentials", SessionId=session_id)
    with pytest.raises(SessionNotFoundException):
        parts.stores.liveness.begin(session_id, other.key.key_id, 100)


def test_a_session_is_begun_once(parts: Parts, site: Site, clock: Clock):
    session_id = site.create()
    parts.stores.liveness.begin(session_id, site.key.key_id, 100)
    assert site.results(session_id)["Status"] == "IN_PROGRESS"
    with pytest.raises(SessionNotFoundException, match="used before"):
        parts.stores.liveness.begin(session_id, site.key.key_id, 100)


def test_a_session_that_has_expired_is_not_begun(parts: Parts, site: Site, clock: Clock):
    session_id = site.create()
    clock.now += 3 * MINUTE
    with pytest.raises(SessionNotFoundException, match="expired"):
        parts.stores.liveness.begin(session_id, site.key.key_id, 100)


def test_a_check_whose_server_died_has_failed_and_ends_no_other_way(parts: Parts, site: Site, clock: Clock):
    session_id = site.create()
    parts.stores.liveness.begin(session_id, site.key.key_id, 100)
    clock.now += 100_000
    assert site.results(session_id)["Status"] == "FAILED"
    assert not parts.stores.liveness.succeed(session_id, {"Confidence": 99.0}, [IMAGE])
    assert "Confidence" not in site.results(session_id)


def test_a_result_has_its_images(parts: Parts, site: Site, clock: Clock):
    answer = site.results(done(parts, site))
    box = {"Left": 0.25, "Top": 0.25, "Width": 0.5, "Height": 0.5}
    image = {"Bytes": IMAGE.content, "BoundingBox": box}
    assert (answer["Status"], answer["Confidence"]) == ("SUCCEEDED", 87.5)
    assert (answer["ReferenceImage"], answer["AuditImages"]) == (image, [image])


@pytest.mark.parametrize(("begun_after", "kept"), [(0, 3 * MINUTE), (170_000, 170_000 + MINUTE)])
def test_results_are_kept_three_minutes_and_one_after_the_check(
    parts: Parts, site: Site, clock: Clock, begun_after: int, kept: int
):
    session_id, made = site.create(), clock.now
    clock.now += begun_after
    parts.stores.liveness.begin(session_id, site.key.key_id, 100)
    parts.stores.liveness.succeed(session_id, {"Confidence": 87.5}, [IMAGE])
    clock.now = made + kept - 1
    parts.stores.liveness.erase_due(clock.now)
    assert "ReferenceImage" in site.results(session_id)
    clock.now += 1
    assert site.results(session_id) == {"SessionId": session_id, "Status": "EXPIRED"}
    parts.stores.liveness.erase_due(clock.now)
    with parts.database.read() as connection:
        assert not connection.execute(liveness_images.select()).all()


def test_images_lie_encrypted_in_the_database(parts: Parts, site: Site, clock: Clock):
    done(parts, site)
    with parts.database.read() as connection:
        kept = [row.content for row in connection.execute(liveness_images.select())]
    assert len(kept) == 2
    assert not any(b"JPEG" in content for content in kept)


def test_a_session_is_forgotten_a_day_later(parts: Parts, site: Site, clock: Clock):
    session_id = done(parts, site)
    clock.now += 25 * 60 * MINUTE
    parts.stores.liveness.erase_due(clock.now)
    with pytest.raises(SessionNotFoundException):
        site.results(session_id)


@pytest.mark.parametrize("bucket", ["results", "elsewhere"])
def test_a_bucket_is_tried_when_the_session_is_made(site: Site, bucket: str):
    settings = {"OutputConfig": {"S3Bucket": bucket, "S3KeyPrefix": "checks"}}
    if bucket == "results":
        assert site.create(Settings=settings)
    else:
        with pytest.raises(InvalidParameterException, match="REGARD_OUTPUT_BUCKETS"):
            site.create(Settings=settings)


def test_credentials_are_for_one_session_and_its_minutes(parts: Parts, site: Site, clock: Clock):
    session_id = site.create()
    answer = site.call("create_face_liveness_credentials", SessionId=session_id)
    assert answer["Expiration"].timestamp() * 1000 == clock.now + 10 * MINUTE
    issuer = parts.stores.liveness_credentials
    holder = issuer.read(answer["SessionToken"], answer["AccessKeyId"])
    assert (holder.session_id, holder.key_id) == (session_id, site.key.key_id)
    assert holder.secret == answer["SecretAccessKey"]
    assert not re.search(session_id + "|" + site.key.key_id, answer["SessionToken"])
    clock.now += 10 * MINUTE
    with pytest.raises(UnrecognizedClientException, match="expired"):
        issuer.read(answer["SessionToken"], answer["AccessKeyId"])


def test_credentials_of_another_s_making_are_none(parts: Parts, site: Site, clock: Clock):
    answer = site.call("create_face_liveness_credentials", SessionId=site.create())
    issuer, token, key_id = parts.stores.liveness_credentials, answer["SessionToken"], answer["AccessKeyId"]
    changed = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
    for wrong in ((changed, key_id), (token, "RGRSAAAAAAAAAAAAAAAA"), ("é", key_id), ("", key_id)):
        with pytest.raises(UnrecognizedClientException):
            issuer.read(*wrong)


def test_a_session_has_one_key_however_often_its_credentials_are_asked_for(site: Site, clock: Clock):
    session_id = site.create()
    first, again = (site.call("create_face_liveness_credentials", SessionId=session_id) for _ in range(2))
    for name in ("AccessKeyId", "SecretAccessKey", "Expiration"):
        assert first[name] == again[name]
    other = site.call("create_face_liveness_credentials", SessionId=site.create())
    assert not {first["AccessKeyId"], first["SecretAccessKey"]} & {*other.values()}


def test_there_are_no_credentials_for_a_session_that_is_over(parts: Parts, site: Site, clock: Clock):
    with pytest.raises(SessionNotFoundException, match="make another"):
        site.call("create_face_liveness_credentials", SessionId=done(parts, site))


LIGHT, MOVEMENT = "FaceMovementAndLightChallenge", "FaceMovementChallenge"
OFFERED = [f"{LIGHT}_2.0.0", f"{MOVEMENT}_1.0.0"]


@pytest.mark.parametrize(
    ("preferences", "offered", "chosen"),
    [
        (None, OFFERED, LIGHT),
        ([{"Type": MOVEMENT}, {"Type": LIGHT}], OFFERED, MOVEMENT),
        ([{"Type": LIGHT}, {"Type": MOVEMENT}], OFFERED[1:], MOVEMENT),
        ([{"Type": LIGHT, "Versions": {"Maximum": "1.10.0"}}, {"Type": MOVEMENT}], OFFERED, MOVEMENT),
        ([{"Type": LIGHT, "Versions": {"Minimum": "1.0.0", "Maximum": "10.0.0"}}], OFFERED, LIGHT),
    ],
)
def test_the_first_preference_that_the_client_supports_is_put(preferences, offered, chosen):
    assert choose_challenge(preferences, offered) is ChallengeKind(chosen)


@pytest.mark.parametrize("offered", [[], [f"{LIGHT}_1.0.0"], OFFERED[1:]])
def test_a_client_that_supports_no_preference_is_refused(offered):
    with pytest.raises(ValidationException, match="supports none"):
        choose_challenge(None, offered)
