"""One pass for several analyses: each finds what it finds alone, wherever the pass was broken off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.context import Context
from regard.jobs.records import Item
from regard.operations import OPERATIONS
from regard.operations.stored_video import runs
from regard.operations.subjects import resolve
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.video.reading.stored_video import StoredVideo
from regard.video.reading.timecode import timecode
from regard.video.segments.cuts import CutWatch
from regard.video.stretches.demand import Findable
from regard.video.video_pass import FrameSample, VideoPass
from regard.vision.findings import PictureFindings, Pictures
from tests.scenes import PICTURES
from tests.video import clips, programme
from tests.video.drawn import shot

ANALYSES = {
    key: one.analysis for key, one in OPERATIONS.items() if isinstance(one.analysis, runs.StoredAnalysis)
}
ALL = tuple(name for name in ANALYSES if name != "start_content_moderation")
REQUEST = {"SegmentTypes": ["SHOT", "TECHNICAL_CUE"], "FaceMatchThreshold": 80.0, "CollectionId": "people"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return programme.write(tmp_path_factory.mktemp("clip") / "programme.mp4")


@pytest.fixture(scope="module")
def parts(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """With a collection that has the astronaut in it."""
    built = build(Settings.load({}, data=tmp_path_factory.mktemp("data")))
    built.gate.call("create_collection", {"CollectionId": "people"}, LOCAL)
    face = {"Bytes": (PICTURES / "astronaut.jpg").read_bytes()}
    built.gate.call("index_faces", {"CollectionId": "people", "Image": face}, LOCAL)
    yield built
    built.close()


def context_of(parts: Parts, operation: str) -> Context:
    return Context(
        models=parts.models,
        stores=parts.stores,
        settings=parts.settings,
        face_models=parts.face_models,
        caller=LOCAL,
        operation=operation,
        pictures=Pictures(parts.models),
        subject=resolve(OPERATIONS[operation].about, REQUEST, parts.stores, parts.settings),
        threshold=95.0,
    )


def found(
    parts: Parts,
    clip: Path,
    *operations: str,
    state: dict[str, Any] | None = None,
    places: int | None = None,
) -> tuple[dict[str, list[Item]], dict[str, Any]]:
    """What the analyses find up to so many places, and the state there."""
    contexts = {name: context_of(parts, name) for name in operations}
    items: dict[str, list[Item]] = {name: [] for name in operations}
    last: dict[str, Any] = {}
    requests = {name: (ANALYSES[name], context, REQUEST) for name, context in contexts.items()}
    for number, steps in enumerate(runs.run_pass(requests, clip, state)):
        for name, step in steps.items():
            items[name] += step.items
            last = dict(step.state)
        if number + 1 == places:
            break
    return items, json.loads(json.dumps(last))


@pytest.fixture(scope="module")
def together(parts: Parts, clip: Path) -> dict[str, list[Item]]:
    return found(parts, clip, *ALL)[0]


@pytest.mark.parametrize("operation", ALL)
def test_an_analysis_finds_in_one_pass_with_others_what_it_finds_alone(
    parts: Parts, clip: Path, together: dict[str, list[Item]], operation: str
) -> None:
    alone, _ = found(parts, clip, operation)
    assert alone[operation] == together[operation]


@pytest.mark.parametrize(
    "places", [pytest.param(1, marks=pytest.mark.slow), 3, pytest.param(4, marks=pytest.mark.slow)]
)
def test_a_pass_that_goes_on_from_any_place_finds_the_same(
    parts: Parts, clip: Path, monkeypatch: pytest.MonkeyPatch, places: int
) -> None:
    monkeypatch.setattr(VideoPass.__init__, "__kwdefaults__", {"threads": 1, "step": 1_000, "finder": None})
    whole, _ = found(parts, clip, *ALL)
    first, state = found(parts, clip, *ALL, places=places)
    rest, _ = found(parts, clip, *ALL, state=state)
    for name in ALL:
        assert [*first[name], *rest[name]] == whole[name], name


def test_a_person_is_followed_and_known_by_the_collection(together: dict[str, list[Item]]) -> None:
    moments = [item.body for item in together["start_face_search"] if not item.view]
    matches = {
        item.key: item.body["FaceMatches"] for item in together["start_face_search"] if item.view == "MATCHES"
    }
    before = {one["Person"]["Index"] for one in moments if one["Timestamp"] < programme.CUT}
    after = {one["Person"]["Index"] for one in moments if one["Timestamp"] >= programme.CUT}
    assert (before, after) == ({0}, {1})
    assert len([one for one in moments if one["Person"]["Index"] == 0]) == 12
    assert matches["000000000"][0]["Similarity"] > 99
    assert matches["000000001"] == []


def test_persons_have_paths_with_their_faces(together: dict[str, list[Item]]) -> None:
    walker = [item.body for item in together["start_person_tracking"] if item.timestamp < programme.CUT]
    assert {one["Person"]["Index"] for one in walker} == {0}
    lefts = [one["Person"]["BoundingBox"]["Left"] for one in sorted(walker, key=lambda one: one["Timestamp"])]
    assert lefts[-1] - lefts[0] == pytest.approx(4 * 68 / programme.WIDTH, abs=0.08)
    assert sum("Face" in one["Person"] for one in walker) > len(walker) / 2
    later = {item.body["Person"]["Index"] for item in together["start_person_tracking"]} - {0}
    assert later == {1}


def test_labels_are_told_by_moments_and_by_segments(together: dict[str, list[Item]]) -> None:
    items = together["start_label_detection"]
    segments = [item.body for item in items if item.view == "SEGMENTS" and item.key == "Person"]
    assert [one["StartTimestampMillis"] for one in segments] == [0]
    assert segments[0]["EndTimestampMillis"] == pytest.approx(5_000, abs=520)
    moments = {item.timestamp for item in items if item.view == "TIMESTAMPS" and item.key == "Person"}
    assert len(moments) == 10


def test_text_is_read_while_it_is_shown(together: dict[str, list[Item]]) -> None:
    shown = [
        item.timestamp
        for item in together["start_text_detection"]
        if item.body["TextDetection"]["DetectedText"] == "EXIT 42"
    ]
    assert [time // 500 for time in shown] == list(range(programme.CUT // 500))


def test_shots_and_black_frames_have_frames_and_timecodes(together: dict[str, list[Item]]) -> None:
    bodies = [item.body for item in together["start_segment_detection"]]
    shots = [one for one in bodies if one["Type"] == "SHOT"]
    begins = [0, programme.FIRST, programme.FIRST + programme.SECOND]
    assert [one["StartFrameNumber"] for one in shots] == begins
    assert shots[1]["StartTimecodeSMPTE"] == "00:00:03:00"
    [black] = [one for one in bodies if one.get("TechnicalCueSegment", {}).get("Type") == "BlackFrames"]
    assert black["StartFrameNumber"] == programme.FIRST + programme.SECOND
    assert black["EndFrameNumber"] == programme.FIRST + programme.SECOND + programme.DARK - 1


def test_a_segment_lasts_from_its_first_frame_to_its_last(together: dict[str, list[Item]]) -> None:
    for one in (item.body for item in together["start_segment_detection"]):
        assert one["DurationMillis"] == one["EndTimestampMillis"] - one["StartTimestampMillis"]
        assert one["DurationFrames"] == one["EndFrameNumber"] - one["StartFrameNumber"]
        assert one["DurationSMPTE"] == timecode(one["DurationFrames"], programme.RATE)


def test_a_segment_of_a_single_frame_lasts_no_time(parts: Parts, tmp_path: Path) -> None:
    file = clips.write(tmp_path / "one.mp4", shot(1, 1))
    [segment] = [
        item.body
        for item in found(parts, file, "start_segment_detection")[0]["start_segment_detection"]
        if item.body["Type"] == "SHOT"
    ]
    assert (segment["StartFrameNumber"], segment["EndFrameNumber"]) == (0, 0)
    assert (segment["DurationMillis"], segment["DurationFrames"]) == (0, 0)
    assert segment["DurationSMPTE"] == "00:00:00:00"


def test_the_last_step_answers_how_long_what_was_read_is(parts: Parts, tmp_path: Path) -> None:
    part = clips.write(tmp_path / "part.ts", shot(1, 60), sound=True).read_bytes()
    (tmp_path / "joined.ts").write_bytes(part + part)
    context = context_of(parts, "start_segment_detection")
    analysis = ANALYSES["start_segment_detection"]
    requests = {"start_segment_detection": (analysis, context, REQUEST)}
    steps = list(runs.run_pass(requests, tmp_path / "joined.ts"))
    shares = [step["start_segment_detection"].progress for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    facts = steps[-1]["start_segment_detection"].facts
    assert [one["DurationMillis"] for one in facts["VideoMetadata"]] == [4_800]
    assert [one["DurationMillis"] for one in facts["AudioMetadata"]] == [pytest.approx(4_800, abs=500)]


class Counted:
    """Keeps what it was given to look at, and where a cut was."""

    interval, follows, finds, rehearsal = 200, True, (Findable.PERSONS,), None

    def __init__(self) -> None:
        self.prepared: list[PictureFindings] = []
        self.cuts: list[int] = []

    def observe(self, sample: FrameSample) -> list[int]:
        self.prepared.append(sample.findings)
        if sample.cut:
            self.cuts.append(sample.frame.number)
        return [sample.frame.timestamp]

    def finish(self) -> list[int]:
        return []

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        pass


def test_a_still_picture_is_looked_at_once_and_a_cut_is_told_once(parts: Parts, tmp_path: Path) -> None:
    still = [shot(1, 1)[0]] * 25 + [shot(2, 1)[0]] * 25
    file = clips.write(tmp_path / "still.mp4", still, options={"crf": "8"})
    one = Counted()
    with StoredVideo.open(file) as video:
        times = [time for reached in VideoPass(video, [one], parts.models).run() for time in reached.found[0]]
    assert times == list(range(0, 2000, 200))
    assert len({id(findings) for findings in one.prepared}) == 2
    assert one.cuts == [25]


def test_motion_and_flashes_are_no_cuts_and_a_cut_is_one() -> None:
    watch, cuts = CutWatch(), []
    frames = [*shot(3, 30, step=(3, 1)), *shot(4, 30, step=(-2, 0), zoom=1.004)]
    for number, frame in enumerate(frames):
        if watch.add(frame):
            cuts.append(number)
    assert cuts == [30]


def test_a_fast_pan_is_one_shot_and_the_cuts_around_it_are_told() -> None:
    """Each of its frames was a cut, so that nobody was followed, and nobody found."""
    pan = {"step": (16, 0)}
    frames = [*shot(3, 11, **pan), *shot(4, 11), *shot(5, 11, **pan), *shot(6, 8, **pan)]
    watch = CutWatch()
    assert [number for number, frame in enumerate(frames) if watch.add(frame)] == [1, 11, 22, 33]


@pytest.mark.parametrize("times", [2, 3])
def test_a_pan_whose_frames_are_each_repeated_is_one_shot(times: int) -> None:
    """As in a film of 30 frames a second by a camera of 15 or 10."""
    frames = [*shot(3, 11, step=(16, 0)), *shot(4, 11), *shot(5, 11, step=(16, 0))]
    watch, cuts = CutWatch(), []
    for number, frame in enumerate(frame for frame in frames for _ in range(times)):
        if watch.add(frame):
            cuts.append(number / times)
    assert cuts == [1, 11, 22]


def test_a_watch_restored_in_a_pan_goes_on_in_it() -> None:
    watch, frames = CutWatch(), shot(3, 8, step=(16, 0))
    assert [watch.add(frame) for frame in frames[:2]] == [False, True]
    again = CutWatch.restore(json.loads(json.dumps(watch.state())))
    assert not any(again.add(frame) for frame in frames[2:])


def test_a_watch_of_an_earlier_version_is_restored() -> None:
    watch = CutWatch()
    watch.add(shot(3, 1)[0])
    kept = {name: watch.state()[name] for name in ("last", "usual")}
    assert CutWatch.restore(kept).add(shot(4, 1)[0])


def test_a_restored_watch_knows_the_frame_before() -> None:
    watch = CutWatch()
    watch.add(shot(3, 1)[0])
    again = CutWatch.restore(json.loads(json.dumps(watch.state())))
    assert again.add(shot(4, 1)[0])
    assert not np.shares_memory(shot(3, 1)[0], shot(4, 1)[0])
