"""Attempts that are rendered, recorded, decoded as they arrive and judged: people and attacks."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from regard.collections.face_models import FACE_MODELS
from regard.evaluation.liveness.portraits import read_portrait
from regard.evaluation.liveness.presentations import (
    Presentation,
    RenderedAttempt,
    Species,
    render,
    render_together,
)
from regard.evaluation.liveness.scenes import PortraitSource
from regard.packs.install import InstalledPack
from regard.video.reading.limits import VideoError, VideoTooLarge
from regard.video.recording import MAX_BYTES, Recording
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import decode_image
from regard.vision.liveness.challenge import Challenge, ChallengeKind, draw_challenge
from regard.vision.liveness.identity import SamePersonRule
from regard.vision.liveness.light import measure_light
from regard.vision.liveness.scoring import light_score
from regard.vision.liveness.seen_frames import SeenVideo
from regard.vision.liveness.verdict import LivenessVerdict, NoFaceInVideo, judge
from regard.vision.session import SessionPool

SIZE = (320, 240)
PATIENCE = 120.0


@pytest.fixture(scope="module")
def sessions(installed_pack: InstalledPack) -> SessionPool:
    return SessionPool(installed_pack.paths())


@pytest.fixture(scope="module")
def person(sessions: SessionPool, portrait: Path) -> PortraitSource:
    source = read_portrait(portrait.read_bytes(), sessions)
    assert source is not None
    return source


@pytest.fixture(scope="module")
def challenge() -> Challenge:
    return draw_challenge(ChallengeKind.MOVEMENT_AND_LIGHT, *SIZE, random.Random(4))


@pytest.fixture(scope="module")
def whole(person: PortraitSource, challenge: Challenge) -> RenderedAttempt:
    """A person who comes from afar and is lit by the screen."""
    return render(Species.BONA_FIDE, person, challenge, k=0.5, seed=1)


@pytest.fixture(scope="module")
def seen_whole(sessions: SessionPool, whole: RenderedAttempt) -> SeenVideo:
    return watched(sessions, whole.video)


@pytest.fixture(scope="module")
def decide(sessions: SessionPool) -> Callable[[SeenVideo, Challenge, RenderedAttempt], LivenessVerdict]:
    model = FACE_MODELS["3.0"]
    rule = SamePersonRule(model.embedder, model.curve.distance_at(80))
    analyzer = FaceAnalyzer(sessions)

    def decided(seen: SeenVideo, challenge: Challenge, attempt: RenderedAttempt) -> LivenessVerdict:
        return judge(seen, challenge, attempt.report, analyzer, rule, None, audit_limit=4)

    return decided


def watched(sessions: SessionPool, video: bytes, *, chunk: int = 20_000) -> SeenVideo:
    with Recording(sessions) as recording:
        for begin in range(0, len(video), chunk):
            recording.append(video[begin : begin + chunk])
        return recording.finish(PATIENCE)


def test_a_person_who_comes_near_and_is_lit_passes_every_gate(
    seen_whole: SeenVideo,
    challenge: Challenge,
    whole: RenderedAttempt,
    decide: Callable[..., LivenessVerdict],
) -> None:
    verdict = decide(seen_whole, challenge, whole)
    assert verdict.passes_gates, verdict.evidence()
    assert verdict.light is not None
    assert verdict.light.rank == 0
    assert verdict.score is not None
    assert verdict.score >= 1
    assert verdict.feedback == ()


def test_images_fit_their_limit_and_show_the_face(
    seen_whole: SeenVideo,
    challenge: Challenge,
    whole: RenderedAttempt,
    decide: Callable[..., LivenessVerdict],
) -> None:
    verdict = decide(seen_whole, challenge, whole)
    assert verdict.reference is not None
    assert len(verdict.audit) == 4
    for image in (verdict.reference, *verdict.audit):
        assert len(image.jpeg) <= 204_800
        assert decode_image(image.jpeg).width == SIZE[0]
        assert 0 <= image.box.left < image.box.right <= 1


def test_light_without_a_card_is_no_evidence(
    seen_whole: SeenVideo,
    challenge: Challenge,
    whole: RenderedAttempt,
    decide: Callable[..., LivenessVerdict],
) -> None:
    assert decide(seen_whole, challenge, whole).confidence == 40


def test_an_oval_elsewhere_fails_the_gate(
    seen_whole: SeenVideo, whole: RenderedAttempt, decide: Callable[..., LivenessVerdict]
) -> None:
    other = draw_challenge(ChallengeKind.MOVEMENT, 320, 640, random.Random(1))
    verdict = decide(seen_whole, other, whole)
    assert not verdict.passes_gates
    assert verdict.confidence <= 20


@pytest.mark.parametrize("species", [Species.UNLIT_VIDEO, Species.OTHER_SEQUENCE, Species.MATTE_PRINT])
def test_an_attack_scores_less_than_a_person(
    species: Species,
    person: PortraitSource,
    challenge: Challenge,
    sessions: SessionPool,
    seen_whole: SeenVideo,
    whole: RenderedAttempt,
) -> None:
    attack = render(species, person, challenge, k=0.5, seed=7, moves=False)
    of_person = measure_light(seen_whole, challenge, whole.report)
    of_attack = measure_light(watched(sessions, attack.video), challenge, attack.report)
    assert of_person is not None
    assert of_attack is not None
    assert light_score(of_attack) < light_score(of_person)


def frames_of(video: bytes) -> list[bytes]:
    with av.open(io.BytesIO(video), "r") as container:
        return [frame.to_ndarray(format="rgb24").tobytes() for frame in container.decode(video=0)]


def test_an_attempt_is_the_same_whatever_it_is_rendered_with(
    person: PortraitSource, challenge: Challenge
) -> None:
    wanted = [Presentation(species, 0.2) for species in (Species.OTHER_SEQUENCE, Species.MATTE_PRINT)]
    together = render_together(wanted, person, challenge, seed=5, moves=False)
    alone = [render(one.species, person, challenge, k=one.k, seed=5, moves=False) for one in wanted]
    for one, other in zip(together, alone, strict=True):
        assert frames_of(one.video) == frames_of(other.video)


def test_light_is_the_same_whether_faces_are_counted_or_not(
    sessions: SessionPool, person: PortraitSource, challenge: Challenge
) -> None:
    attempt = render(Species.BONA_FIDE, person, challenge, k=0.2, seed=3, moves=False)
    found = []
    for counts in (True, False):
        with Recording(sessions, counts_faces=counts) as recording:
            recording.append(attempt.video)
            found.append(recording.finish(PATIENCE))
    counted, uncounted = found
    assert {frame.face_count for frame in uncounted.frames[1:]} == {None}
    assert measure_light(uncounted, challenge, attempt.report) == measure_light(
        counted, challenge, attempt.report
    )


def mp4(pictures: int, *, last: bool, width: int = 160, height: int = 96) -> bytes:
    """Grey pictures; its index comes last, or the file is in fragments."""
    out = io.BytesIO()
    flags = {} if last else {"movflags": "frag_keyframe+empty_moov"}
    with av.open(out, "w", format="mp4", options=flags) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _ in range(pictures):
            frame = VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize("last", [False, True])
def test_mp4_is_read_wherever_its_index_is(sessions: SessionPool, last: bool) -> None:
    seen = watched(sessions, mp4(12, last=last), chunk=700)
    assert len(seen.frames) == 12
    assert seen.frames[-1].time == pytest.approx(440, abs=1)


def test_a_video_without_a_face_has_no_verdict(
    sessions: SessionPool,
    challenge: Challenge,
    whole: RenderedAttempt,
    decide: Callable[..., LivenessVerdict],
) -> None:
    with pytest.raises(NoFaceInVideo):
        decide(watched(sessions, mp4(12, last=False)), challenge, whole)


def test_what_is_no_video_is_said_when_it_ends(sessions: SessionPool) -> None:
    with Recording(sessions) as recording:
        recording.append(b"no video at all " * 100)
        with pytest.raises(VideoError):
            recording.finish(PATIENCE)


def test_nothing_at_all_is_no_video(sessions: SessionPool) -> None:
    with Recording(sessions) as recording, pytest.raises(VideoError):
        recording.finish(PATIENCE)


@pytest.mark.parametrize(("width", "height"), [(64, 96), (4200, 96)])
def test_sides_that_no_camera_of_a_browser_has_are_refused(
    sessions: SessionPool, width: int, height: int
) -> None:
    with Recording(sessions) as recording:
        recording.append(mp4(3, last=False, width=width, height=height))
        with pytest.raises(VideoTooLarge, match="side"):
            recording.finish(PATIENCE)


def test_more_frames_than_a_camera_gives_are_refused(
    sessions: SessionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regard.video.recording.MAX_FRAMES", 5)
    with Recording(sessions) as recording:
        recording.append(mp4(12, last=False))
        with pytest.raises(VideoTooLarge, match="most 5"):
            recording.finish(PATIENCE)


def test_bytes_beyond_the_limit_are_refused_as_they_come(
    sessions: SessionPool, whole: RenderedAttempt
) -> None:
    with Recording(sessions) as recording:
        recording.append(whole.video)
        with pytest.raises(VideoTooLarge):
            recording.append(bytes(MAX_BYTES))


def test_a_recording_that_is_given_up_ends_its_thread(sessions: SessionPool, whole: RenderedAttempt) -> None:
    recording = Recording(sessions)
    recording.append(whole.video[:50_000])
    recording.close()
    with pytest.raises(ValueError, match="finished"):
        recording.append(b"more")
    recording.wait(PATIENCE)
    assert not recording.is_running
