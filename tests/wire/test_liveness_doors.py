"""Streams of Face Liveness at a real server: who is let in, what ends a stream, what clients are told."""

from __future__ import annotations

import base64
import http.client
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from botocore.credentials import Credentials
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from regard.app import Parts, asgi, build
from regard.evaluation.liveness.portraits import read_portrait
from regard.evaluation.liveness.presentations import PortraitSource, Species, render
from regard.governance.keys import Key
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.vision.liveness.challenge import Challenge, ChallengeKind, Colour, draw_challenge
from regard.vision.liveness.verdict import GATE_LIMIT
from regard.vision.session import SessionPool
from regard.wire.browser_websockets import BrowserWebSocket
from regard.wire.eventstream import FRAME_BYTES
from tests.waiting import PATIENCE, wait_until

from .event_streams import ChainSigner, event, presign, read_events, sign_stream

LIGHT, MOVEMENT = "FaceMovementAndLightChallenge", "FaceMovementChallenge"
VERSIONS = f"{LIGHT}_2.0.0,{MOVEMENT}_1.0.0"
TOLD = list[tuple[str, dict[str, Any]]]


@dataclass
class Site:
    """A server, and the key of a site's backend."""

    parts: Parts
    port: int
    key: Key
    opened: ExitStack = field(default_factory=ExitStack)

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.key.key_id, self.key.secret)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.parts.gate.call(operation, request, self.key.holder)

    def create(self, **settings: Any) -> str:
        return str(self.call("create_face_liveness_session", Settings=settings)["SessionId"])

    def status(self, session_id: str) -> str:
        answer = self.call("get_face_liveness_session_results", SessionId=session_id)
        return str(answer["Status"])

    def browser(self, session_id: str) -> Credentials:
        """What the browser of whoever is checked is given."""
        told = self.call("create_face_liveness_credentials", SessionId=session_id)
        return Credentials(told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"])

    def url(self, session_id: str, *, prefix: str = "", width: str = "320", versions: str = VERSIONS) -> str:
        query = f"session-id={session_id}&video-width={width}&video-height=240&challenge-versions={versions}"
        path = f"{prefix}/start-face-liveness-session-websocket"
        return f"http://127.0.0.1:{self.port}{path}?{query.replace(',', '%2C')}"

    def open(self, session_id: str, credentials: Credentials | None = None, **options: Any) -> Browser:
        signed = presign(self.url(session_id, **options), credentials or self.credentials)
        return self.open_signed(signed, (credentials or self.credentials).secret_key)

    def open_signed(self, signed: str, secret: str) -> Browser:
        """A browser at a presigned URL. Its connection ends with the test."""
        signature = signed.split("X-Amz-Signature=")[1].split("&")[0]
        to_open = connect(signed.replace("http", "ws", 1), max_size=None, compression=None)
        return Browser(self.opened.enter_context(to_open), ChainSigner(secret, signature))


@dataclass
class Browser:
    """A client of one stream."""

    connection: ClientConnection
    chain: ChainSigner

    def send(self, kind: str, body: dict[str, Any]) -> None:
        self.connection.send(self.chain.sign(event(kind, body)))

    def video(self, chunk: bytes) -> None:
        self.send("VideoEvent", {"VideoChunk": base64.b64encode(chunk).decode(), "TimestampMillis": 1})

    def read(self) -> tuple[str, dict[str, Any]]:
        return read_events(bytes(self.connection.recv(timeout=PATIENCE, decode=False)))[0]

    def rest(self) -> tuple[TOLD, int]:
        """What is told until the end, and the code of the end."""
        told: TOLD = []
        with suppress(ConnectionClosed):
            while True:
                told.append(self.read())
        return told, self.connection.close_code or 0


@pytest.fixture(scope="module")
def running(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("liveness")
    (folder / "results").mkdir()
    buckets = {"buckets": f"results={folder / 'results'}", "output_buckets": "results"}
    built = build(Settings.load({}, data=folder / "data", liveness_streams=3, **buckets))
    with capture_logs(), socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            asgi(built),
            ws=BrowserWebSocket,
            ws_max_size=FRAME_BYTES,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
        )
        serving = uvicorn.Server(config)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: serving.started)
        yield Site(built, listener.getsockname()[1], built.keys.create("site", "operator"))
        serving.should_exit = True
        thread.join()
    built.close()


@pytest.fixture
def server(running: Site) -> Iterator[Site]:
    with ExitStack() as opened:
        yield replace(running, opened=opened)


def refused(browser: Browser) -> tuple[str, str]:
    """The exception that a stream ends with, in a frame and before code 1000."""
    told, code = browser.rest()
    assert code == 1000
    kind, body = told[-1]
    assert body["Code"] == kind
    return kind, body["Message"]


def test_a_browser_is_told_its_challenge_at_once(server: Site):
    session_id = server.create()
    browser = server.open(session_id, server.browser(session_id))
    assert browser.read() == ("ChallengeEvent", {"Type": LIGHT, "Version": "2.0.0"})
    kind, body = browser.read()
    put = body["SessionInformation"]["Challenge"][LIGHT]
    assert kind == "ServerSessionInformationEvent"
    assert all(put["OvalParameters"].values())
    assert all(put["ChallengeConfig"].values())  # the component takes 0 for missing
    assert put["ColorSequences"][0]["FreshnessColor"] == {"RGB": [0, 0, 0]}  # which is shown for no time
    assert server.status(session_id) == "IN_PROGRESS"
    browser.connection.close()


def test_a_stream_is_found_below_a_prefix(server: Site):
    browser = server.open(server.create(), prefix="/some/where")
    assert browser.read()[0] == "ChallengeEvent"
    browser.connection.close()


def test_movement_alone_has_no_colours(server: Site):
    browser = server.open(server.create(ChallengePreferences=[{"Type": MOVEMENT}]))
    assert browser.read() == ("ChallengeEvent", {"Type": MOVEMENT, "Version": "1.0.0"})
    _, body = browser.read()
    assert set(body["SessionInformation"]["Challenge"][MOVEMENT]) == {"OvalParameters", "ChallengeConfig"}
    browser.connection.close()


def test_a_video_that_is_none_fails_the_session_and_the_client_hears_why(server: Site):
    session_id = server.create()
    browser = server.open(session_id)
    browser.video(b"no video")
    browser.video(b"")
    assert refused(browser) == ("ValidationException", "The video can't be decoded.")
    assert server.status(session_id) == "FAILED"


def test_a_second_connection_is_refused_and_the_first_goes_on(server: Site):
    session_id = server.create()
    first = server.open(session_id)
    assert first.read()[0] == "ChallengeEvent"
    kind, message = refused(server.open(session_id))
    assert (kind, "used before" in message) == ("SessionNotFoundException", True)
    first.video(b"")
    assert refused(first)[0] == "ValidationException"


def test_a_session_of_another_key_is_not_found(server: Site):
    other = server.parts.keys.create("another", "operator")
    browser = server.open(server.create(), Credentials(other.key_id, other.secret))
    assert refused(browser)[0] == "SessionNotFoundException"


def test_credentials_of_one_session_open_no_other(server: Site):
    browser = server.open(server.create(), server.browser(server.create()))
    assert refused(browser) == ("AccessDeniedException", "These credentials are for another session.")


def test_credentials_of_a_session_sign_nothing_else(server: Site):
    session_id = server.create()
    browser = server.browser(session_id)
    client = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"X-Amz-Target": "RekognitionService.GetFaceLivenessSessionResults"}
    headers["X-Amz-Security-Token"] = str(browser.token)
    url = f"http://127.0.0.1:{server.port}/"
    client.request("POST", "/", b"{}", sign_stream(url, headers, browser))
    answer = client.getresponse()
    assert (answer.status, b"UnrecognizedClientException" in answer.read()) == (400, True)


def test_a_wrong_secret_is_told_in_a_frame(server: Site):
    wrong = Credentials(server.key.key_id, "another secret")
    assert refused(server.open(server.create(), wrong))[0] == "InvalidSignatureException"


def test_an_unknown_key_is_told_in_a_frame(server: Site):
    unknown = Credentials("RGRDUNKNOWN", "secret")
    assert refused(server.open(server.create(), unknown))[0] == "UnrecognizedClientException"


def test_a_suspended_key_is_told_in_a_frame(server: Site):
    key = server.parts.keys.create("stopped", "operator")
    own = replace(server, key=key)
    session_id = own.create()
    browser = own.browser(session_id)
    server.parts.keys.suspend(key.key_id)
    assert refused(own.open(session_id, browser))[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("session_id", "options"),
    [
        ("nothing", {}),
        (None, {"width": "0"}),
        (None, {"width": "x"}),
        (None, {"versions": "FaceMovementChallenge"}),
        (None, {"versions": "FaceMovementChallenge_9.0.0"}),
    ],
)
def test_what_is_missing_or_malformed_is_told_in_a_frame(
    server: Site, session_id: str | None, options: dict[str, str]
):
    assert refused(server.open(session_id or server.create(), **options))[0] == "ValidationException"


def test_an_unsigned_connection_is_let_in_and_told_why_it_is_refused(server: Site):
    browser = server.open_signed(server.url(server.create()) + "&X-Amz-Signature=0", "secret")
    assert refused(browser)[0] == "IncompleteSignatureException"


def test_frames_out_of_order_end_the_stream(server: Site):
    session_id = server.create()
    browser = server.open(session_id)
    first, second = (browser.chain.sign(event("VideoEvent", {"VideoChunk": ""})) for _ in range(2))
    browser.connection.send(second)
    browser.connection.send(first)
    assert refused(browser)[0] == "InvalidSignatureException"
    assert server.status(session_id) == "FAILED"


def test_another_stream_s_frames_end_the_stream(server: Site):
    """Who has recorded somebody's frames can't play them back under a session of their own."""
    recorded, browser = server.open(server.create()), server.open(server.create())
    browser.connection.send(recorded.chain.sign(event("VideoEvent", {"VideoChunk": ""})))
    assert refused(browser)[0] == "InvalidSignatureException"
    recorded.connection.close()


@pytest.mark.parametrize(
    "message",
    [b"", b"\0" * 16, b"\xff" * 5000, event("VideoEvent", {"VideoChunk": ""}), "text"],
    ids=["nothing", "zeros", "ones", "unsigned", "text"],
)
def test_bytes_that_are_no_signed_frame_end_the_stream(server: Site, message: bytes | str):
    browser = server.open(server.create())
    browser.connection.send(message)
    assert refused(browser)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("VideoEvent", {"VideoChunk": "not base64"}),
        ("VideoEvent", {"VideoChunk": 5}),
        ("SomethingEvent", {}),
        ("ClientSessionInformationEvent", {}),
        ("ClientSessionInformationEvent", {"Challenge": {MOVEMENT: {}}}),  # which wasn't put
        ("ClientSessionInformationEvent", {"Challenge": {LIGHT: {"ChallengeId": "a", "InitialFace": 5}}}),
        (
            "ClientSessionInformationEvent",
            {"Challenge": {LIGHT: {"ChallengeId": "a", "VideoStartTimestamp": 1e300}}},
        ),
    ],
)
def test_events_of_another_form_end_the_stream(server: Site, kind: str, body: dict[str, Any]):
    browser = server.open(server.create())
    browser.send(kind, body)
    assert refused(browser)[0] == "ValidationException"


def test_a_stream_that_never_ends_is_ended_at_its_limit(server: Site):
    browser = server.open(server.create())
    chunk = b"\0" * 700_000
    with suppress(ConnectionClosed):
        for _ in range(1000):
            browser.video(chunk)
    assert refused(browser)[0] == "ValidationException"


def test_a_client_that_falls_silent_is_told_so(server: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("regard.operations.liveness.checking.WAIT_SECONDS", 0.2)
    session_id = server.create()
    kind, message = refused(server.open(session_id))
    assert (kind, "silent" in message) == ("ValidationException", True)
    assert server.status(session_id) == "FAILED"


def test_a_recording_that_lasts_too_long_is_ended(server: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("regard.operations.liveness.checking.RECORDING_SECONDS", 0.0)
    browser = server.open(server.create())
    browser.video(b"one")
    browser.video(b"two")
    kind, message = refused(browser)
    assert (kind, "may last" in message) == ("ValidationException", True)


def test_a_verdict_that_takes_too_long_ends_in_an_answer(server: Site, monkeypatch: pytest.MonkeyPatch):
    go_on = threading.Event()
    monkeypatch.setattr("regard.wire.liveness_stream.VERDICT_SECONDS", 0.2)
    monkeypatch.setattr("regard.operations.liveness.checking.judge", lambda *_, **__: go_on.wait(60) and None)
    monkeypatch.setattr("regard.video.recording.Recording.finish", lambda *_: None)
    browser = server.open(server.create())
    browser.video(b"")
    assert refused(browser)[0] == "InternalServerException"
    go_on.set()


@pytest.mark.parametrize("code", [4001, 4003, 4005, 1001])
def test_a_client_s_close_is_answered_with_code_1000(server: Site, code: int):
    session_id = server.create()
    browser = server.open(session_id)
    assert browser.read()[0] == "ChallengeEvent"
    browser.connection.close(code)
    assert browser.rest()[1] == 1000
    wait_until(lambda: server.status(session_id) == "FAILED")


def test_a_connection_that_is_cut_fails_its_session(server: Site):
    session_id = server.create()
    browser = server.open(session_id)
    assert browser.read()[0] == "ChallengeEvent"
    browser.connection.socket.shutdown(socket.SHUT_RDWR)
    wait_until(lambda: server.status(session_id) == "FAILED")


def test_more_streams_than_the_server_takes_are_told_so_and_a_place_is_freed(server: Site):
    held = [_held(server) for _ in range(3)]  # those of other tests may be ending
    assert refused(server.open(server.create()))[0] == "ServiceQuotaExceededException"
    held.pop().connection.close()
    held.append(_held(server))


def _held(server: Site) -> Browser:
    """A stream that has a place, once there is one."""
    tried: list[Browser] = []

    def is_let_in() -> bool:
        tried.append(server.open(server.create()))
        return tried[-1].read()[0] == "ChallengeEvent"

    wait_until(is_let_in)
    return tried[-1]


class Post:
    """A stream over HTTP/1.1, chunked both ways, as Node.js's SDK makes one."""

    def __init__(self, server: Site, session_id: str, credentials: Credentials) -> None:
        prefix = "x-amz-rekognition-streaming-liveness-"
        told = {"session-id": session_id, "video-width": "320", "video-height": "240"}
        headers = {prefix + name: value for name, value in {**told, "challenge-versions": VERSIONS}.items()}
        url = f"http://127.0.0.1:{server.port}/start-face-liveness-session"
        signed = sign_stream(url, headers, credentials)
        self.chain = ChainSigner(credentials.secret_key, signed["Authorization"].split("Signature=")[1])
        self._client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._client.putrequest("POST", "/start-face-liveness-session", skip_host=True)
        for name, value in {**signed, "Transfer-Encoding": "chunked"}.items():
            self._client.putheader(name, value)
        self._client.endheaders()

    def send(self, inner: bytes) -> None:
        frame = self.chain.sign(inner)
        self._client.send(b"%x\r\n%s\r\n" % (len(frame), frame))

    def end(self) -> tuple[int, bytes]:
        self._client.send(b"0\r\n\r\n")
        answer = self._client.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize("is_temporary", [False, True])
def test_a_post_is_streamed_both_ways(server: Site, is_temporary: bool):
    session_id = server.create()
    post = Post(server, session_id, server.browser(session_id) if is_temporary else server.credentials)
    post.send(event("VideoEvent", {"VideoChunk": "AAAA"}))
    post.send(event("VideoEvent", {"VideoChunk": ""}))
    post.send(b"")
    status, body = post.end()
    told = [kind for kind, _ in read_events(body)]
    assert (status, told) == (200, ["ChallengeEvent", "ServerSessionInformationEvent", "ValidationException"])


def test_a_post_that_is_refused_has_a_status_for_it(server: Site):
    session_id = server.create()
    status, body = Post(server, session_id, Credentials(server.key.key_id, "another")).end()
    assert status == 400
    assert b"signature" in body
    assert server.status(session_id) == "CREATED"


def test_a_post_that_ends_before_its_video_is_refused(server: Site):
    session_id = server.create()
    post = Post(server, session_id, server.credentials)
    post.send(b"")
    _, body = post.end()
    assert read_events(body)[-1][0] == "ValidationException"
    assert server.status(session_id) == "FAILED"


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
    assert told["evidence"]["growth"] > 1.35
    digests = [told["video_sha256"], *told["images_sha256"]]
    assert [len(digest) for digest in digests] == [64] * 4
