"""Whole checks of liveness: their results, images and records."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from regard.evaluation.liveness.portraits import read_portrait
from regard.evaluation.liveness.presentations import PortraitSource, Species, render
from regard.liveness.cards import recapture_adapter
from regard.packs.install import InstalledPack
from regard.vision.liveness.challenge import Challenge, ChallengeKind, Colour, draw_challenge
from regard.vision.liveness.parameters import parameters_digest
from regard.vision.liveness.verdict import GATE_LIMIT
from regard.vision.session import SessionPool
from tests.waiting import PATIENCE
from tests.wire.liveness.site import MOVEMENT, TOLD, Browser, Site


def approaching(person: PortraitSource, challenge: Challenge) -> bytes:
    """A video of somebody who comes from afar into the oval, and whom no screen lights."""
    shown = (Colour((0, 0, 0), 1, 1), Colour((255, 255, 255), 1, 1))
    return render(Species.BONA_FIDE, person, replace(challenge, colours=shown), k=0.0, seed=1).video


def attempt(browser: Browser, video: bytes) -> None:
    """What a browser sends of a recording: the video before the account of it, and the account's rest."""
    account = {"ChallengeId": "one", "VideoStartTimestamp": 1_700_000_000_000}
    box = {"Left": 0.4, "Top": 0.3, "Width": 0.2, "Height": 0.3}
    face = {"BoundingBox": box, "InitialFaceDetectedTimestamp": 1_700_000_000_100}
    chunks = [video[at : at + 50_000] for at in range(0, len(video), 50_000)]
    browser.video(chunks[0])
    told = {**account, "InitialFace": face}
    browser.send("ClientSessionInformationEvent", {"Challenge": {MOVEMENT: told}})
    for chunk in chunks[1:]:
        browser.video(chunk)
    target = {"BoundingBox": box, "FaceDetectedInTargetPositionStartTimestamp": 1_700_000_004_000}
    told = {**account, "TargetFace": target, "VideoEndTimestamp": 1_700_000_005_000}
    browser.send("ClientSessionInformationEvent", {"Challenge": {MOVEMENT: told}})
    browser.video(b"")


@pytest.fixture(scope="module")
def person(installed_pack: InstalledPack, portrait: Path) -> PortraitSource:
    source = read_portrait(portrait.read_bytes(), SessionPool(installed_pack.paths()))
    assert source is not None
    return source


@dataclass
class Checked:
    """What became of two checks that were under way at once, and what their browsers heard."""

    sessions: list[str]
    told: list[tuple[TOLD, int]]


@pytest.fixture(scope="module")
def checked(running: Site, person: PortraitSource) -> Checked:
    movement = [{"Type": MOVEMENT}]
    outputs = [{}, {"OutputConfig": {"S3Bucket": "results", "S3KeyPrefix": "checks"}}]
    sessions = [
        running.create(ChallengePreferences=movement, AuditImagesLimit=2, **output) for output in outputs
    ]
    challenge = draw_challenge(ChallengeKind.MOVEMENT, 320, 240, random.Random(1))
    video = approaching(person, challenge)
    with ExitStack() as opened, pytest.MonkeyPatch.context() as patch:
        patch.setattr("regard.operations.liveness.checking.draw_challenge", lambda *_: challenge)
        # The video comes all at once here, and is seen by cores that may be busy.
        for module in ("wire.liveness_stream", "operations.liveness.checking"):
            patch.setattr(f"regard.{module}.VERDICT_SECONDS", PATIENCE)
        patch.setattr("regard.operations.liveness.checking.STREAM_SECONDS", 2 * PATIENCE)
        site = replace(running, opened=opened)
        browsers = [site.open(session_id, site.browser(session_id)) for session_id in sessions]
        for browser in browsers:
            assert [browser.read()[0] for _ in range(2)] == [
                "ChallengeEvent",
                "ServerSessionInformationEvent",
            ]
            attempt(browser, video)
        return Checked(sessions, [browser.rest() for browser in browsers])


def test_a_browser_hears_that_its_check_is_done_and_nothing_of_the_score(checked: Checked):
    for told, code in checked.told:
        assert ([kind for kind, _ in told], code) == (["DisconnectionEvent"], 1000)
        assert set(told[0][1]) == {"TimestampMillis"}


def test_two_people_who_are_checked_at_once_each_have_their_result(server: Site, checked: Checked):
    for session_id in checked.sessions:
        answer = server.call("get_face_liveness_session_results", SessionId=session_id)
        assert answer["Status"] == "SUCCEEDED"
        assert answer["Confidence"] > GATE_LIMIT
        assert answer["Challenge"] == {"Type": MOVEMENT, "Version": "1.0.0"}
        assert len(answer["AuditImages"]) == 2


def test_images_are_in_the_answer_or_in_the_bucket_of_the_session(server: Site, checked: Checked):
    answers = [
        server.call("get_face_liveness_session_results", SessionId=session_id)
        for session_id in checked.sessions
    ]
    assert answers[0]["ReferenceImage"]["Bytes"].startswith(b"\xff\xd8")
    named = [answers[1]["ReferenceImage"], *answers[1]["AuditImages"]]
    assert not any("Bytes" in image for image in named)
    folder = Path(server.parts.settings.buckets.partition("=")[2])
    for image, file in zip(named, ("reference", "audit-1", "audit-2"), strict=True):
        place = {"Bucket": "results", "Name": f"checks/{checked.sessions[1]}/{file}.jpg"}
        assert image["S3Object"] == place
        assert (folder / place["Name"]).read_bytes().startswith(b"\xff\xd8")


def test_the_record_of_a_check_has_its_numbers_and_no_picture(server: Site, checked: Checked):
    records = [one for one in server.parts.audit.export() if one.get("session") == checked.sessions[0]]
    begun, record = [one for one in records if one["operation"] == "StartFaceLivenessSession"]
    assert begun["outcome"] == "begun"  # though the server should die meanwhile
    assert (record["outcome"], record["units"]) == ("ok", {"liveness": 1})
    told = record["liveness"]
    assert told["confidence"] > GATE_LIMIT
    assert "rests on" in told["basis"]
    assert told["evidence"]["growth"] > 1.35
    assert told["evidence"]["light_parameters"] == parameters_digest()
    digests = [told["video_sha256"], *told["images_sha256"]]
    assert [len(digest) for digest in digests] == [64] * 4


def test_a_site_s_own_network_is_asked_in_a_check_and_its_answer_is_in_the_record(
    server: Site, checked: Checked
):
    adapter = recapture_adapter(server.parts.settings)
    assert adapter is not None
    records = [one for one in server.parts.audit.export() if one.get("session") == checked.sessions[0]]
    [told] = [one["liveness"]["evidence"] for one in records if "liveness" in one]
    assert (told["recapture_network"], told["recapture_shift"]) == (adapter.digest, 0.0)
    assert 0.6 < told["recapture_live"] < 1.0, "skin is redder than blue: of a grey it would be half"
    assert told["recapture_is_live"] is True
