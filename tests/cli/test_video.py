"""`regard video`, as a stranger uses it, on clips in which the people of the free portraits move."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from tests import written
from tests.cli.conftest import Run, running
from tests.presentation.drawn import pictures
from tests.video import clips
from tests.video.conftest import backdrop, person, put

from regard.packs.install import InstalledPack
from regard.presentation.colours import VIDEO_COLOURS
from regard.video.reading.timecode import timecode

RATE = Fraction(30_000, 1001)
STAR = "Eileen <E&C> Collins"
WIDTH, HEIGHT, FRAMES, CUT = 640, 360, 60, 36
PLACE = re.compile(r"(\d\d):(\d\d):(\d\d)\.(\d\d\d)")


def film(path: Path, *, sound: bool = True) -> Path:
    """Two people on green under a line of text, then one of them on sand; both move."""
    page, _ = written.write(
        ["Platform <7>"],
        size=30,
        place=(30, 20),
        on=Image.new("RGB", (WIDTH, HEIGHT), (70, 110, 70)),
        ink=(250, 250, 250),
    )
    green, sand = np.asarray(page), np.full((HEIGHT, WIDTH, 3), (190, 170, 130), np.uint8)
    astronaut, hopper = person("astronaut", 240), person("hopper", 240)

    def frames() -> Iterator[np.ndarray]:
        for number in range(FRAMES):
            frame = (green if number < CUT else sand).copy()
            if number < CUT:
                put(frame, astronaut, 10 + number, HEIGHT - 240)
            put(frame, hopper, 420 - number, HEIGHT - 240)
            yield frame

    return clips.write(path, frames(), rate=RATE, sound=sound)


@dataclass(frozen=True)
class Whole:
    """What one run over everything left in a folder."""

    folder: Path
    printed: str
    answers: dict[str, Any]
    log: list[dict[str, Any]]

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


@pytest.fixture(scope="session")
def whole(
    installed_pack: InstalledPack,
    nudenet_pack: InstalledPack,
    portrait: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Whole:
    folder = tmp_path_factory.mktemp("video")
    regard = running(folder)
    film(folder / "film.mp4")
    (folder / "album" / "Ada <A&B>").mkdir(parents=True)
    (folder / "album" / "Ada <A&B>" / "a.jpg").write_bytes(portrait.read_bytes())
    regard("index", "family", "album")
    regard("celebrities", "add", STAR, portrait)
    files = ["--json", "o.json", "--draw", "o.mp4", "--vtt", "o", "--csv", "o.csv", "--edl", "o.edl"]
    done = regard("video", "film.mp4", "--all", "--search", "family", *files, "--case", "A-7")
    log = [json.loads(line) for line in regard("audit", "export").stdout.splitlines()]
    return Whole(folder, done.stdout, json.loads((folder / "o.json").read_text()), log)


def milliseconds(clock: str) -> int:
    match = PLACE.fullmatch(clock)
    assert match is not None, clock
    hours, minutes, seconds, rest = map(int, match.groups())
    assert minutes < 60
    assert seconds < 60
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def cues(text: str) -> list[tuple[int, int, str]]:
    """A strict reader of WebVTT, as much of it as has neither styles nor regions."""
    head, *blocks = text.removesuffix("\n").split("\n\n")
    assert head == "WEBVTT"
    found = []
    for block in blocks:
        name, times, *payload = block.split("\n")
        assert "-->" not in name
        start, arrow, end = times.split(" ")
        assert arrow == "-->"
        assert milliseconds(start) < milliseconds(end)
        [line] = payload
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", line), "markup would be taken for tags"
        plain = line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        found.append((milliseconds(start), milliseconds(end), plain))
    assert found == sorted(found, key=lambda cue: cue[0])
    return found


def cuts(text: str) -> tuple[str, list[tuple[str, str]]]:
    """A strict reader of CMX 3600: the frame code mode, and the in and out points of each event."""
    title, mode, blank, *rest = text.removesuffix("\n").split("\n")
    assert re.fullmatch(r"TITLE: [ -~]{1,70}", title)
    assert blank == ""
    events = []
    for line in rest:
        if line.startswith("* "):
            continue
        number, reel, track, kind, *times = line.split()
        assert (int(number), reel, track, kind) == (len(events) + 1, "AX", "V", "C")
        assert times[:2] == times[2:]
        assert len(times) == 4
        events.append((times[0], times[1]))
    return mode.removeprefix("FCM: "), events


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_the_json_has_the_answer_of_every_get_operation(whole: Whole) -> None:
    assert set(whole.answers) == {
        "GetCelebrityRecognition", "GetContentModeration", "GetFaceDetection", "GetFaceSearch",
        "GetLabelDetection", "GetPersonTracking", "GetSegmentDetection", "GetTextDetection",
    }  # fmt: skip
    faces = whole.answers["GetFaceDetection"]
    assert faces["VideoMetadata"]["FrameWidth"] == WIDTH
    assert {one["Timestamp"] for one in faces["Faces"]} >= {0, 500, 1001}
    assert "Emotions" in faces["Faces"][0]["Face"]
    for view in ("TIMESTAMPS", "SEGMENTS"):
        labels = whole.answers["GetLabelDetection"][view]
        assert labels["GetRequestMetadata"] == {"SortBy": "TIMESTAMP", "AggregateBy": view}
        assert "Person" in {one["Label"]["Name"] for one in labels["Labels"]}
        assert whole.answers["GetContentModeration"][view]["ModerationLabels"] == []
    assert "DurationMillis" in whole.answers["GetLabelDetection"]["SEGMENTS"]["Labels"][0]
    texts = whole.answers["GetTextDetection"]["TextDetections"]
    assert {one["TextDetection"]["Type"] for one in texts} == {"LINE", "WORD"}
    segments = whole.answers["GetSegmentDetection"]
    assert segments["VideoMetadata"][0]["FrameRate"] == pytest.approx(29.97, abs=0.001)
    assert segments["AudioMetadata"][0]["Codec"] == "aac"
    kinds = [one["Type"] for one in segments["Segments"]]
    assert set(kinds) == {"SHOT", "TECHNICAL_CUE"}
    assert kinds == sorted(kinds), "by type, as in the API"


def test_who_was_found_in_the_collection_stands_at_every_moment_of_the_face(whole: Whole) -> None:
    persons = whole.answers["GetFaceSearch"]["Persons"]
    assert [one["Timestamp"] for one in persons] == sorted(one["Timestamp"] for one in persons)
    matched = {one["Person"]["Index"] for one in persons if one["FaceMatches"]}
    [index] = matched
    for one in persons:
        names = {match["Face"]["ExternalImageId"] for match in one["FaceMatches"]}
        assert len(names) == (one["Person"]["Index"] == index)
    stars = whole.answers["GetCelebrityRecognition"]["Celebrities"]
    assert {one["Celebrity"]["Name"] for one in stars} == {STAR}


def test_the_summary_tells_a_stranger_what_is_in_the_film(whole: Whole) -> None:
    printed = whole.printed
    assert re.search(r"film\.mp4: 00:00:02\.\d+, 640 × 360, 29\.97 frames/s, h264", printed)
    assert re.search(r"^People: 2 persons$", printed, re.MULTILINE)
    assert re.search(r"^Ada\S+ +\d+\.\d % +00:00:00\.000", printed, re.MULTILINE)
    assert "1 face resembles nobody in the collection." in printed
    assert re.search(rf"^{STAR} +\d", printed, re.MULTILINE)
    assert re.search(r"^Person +[12]\.\d s +1 +00:00:00\.000", printed, re.MULTILINE)
    assert re.search(r"^00:00:00\.000 +1\.\d s +\d+\.\d % +Platform <7>", printed, re.MULTILINE)
    assert re.search(r"^0 +00:00:00;00 +00:00:01;05", printed, re.MULTILINE)
    assert "Written: o.json, o-text.vtt, o-people.vtt, o.csv, o.edl, o.mp4" in printed


def test_every_analysis_has_its_own_records_of_begin_and_end(whole: Whole) -> None:
    records = [one for one in whole.log if one.get("video") == "film.mp4"]
    begun, ended = records[: len(records) // 2], records[len(records) // 2 :]
    names = sorted(name.replace("Get", "Start", 1) for name in whole.answers)
    assert sorted(one["operation"] for one in begun) == sorted(one["operation"] for one in ended) == names
    assert {one["outcome"] for one in begun} == {"begun"}
    assert {one["outcome"] for one in ended} == {"ok"}
    assert {one["case"] for one in records} == {"A-7"}
    search = next(one for one in ended if one["operation"] == "StartFaceSearch")
    assert (search["collection"], search["threshold"]) == ("family", 80.0)
    assert search["results"]["items"] > 0


def test_text_and_people_are_subtitles(whole: Whole) -> None:
    start, end, text = cues(whole.read("o-text.vtt"))[0]
    assert (start, text) == (0, "Platform <7>"), "three readings are one cue"
    assert 1_000 < end < 1_600
    people = {text for _, _, text in cues(whole.read("o-people.vtt"))}
    assert {"person 0", "person 1"} <= people
    assert any(re.fullmatch(rf"{STAR} \(\d+\.\d %\)", text) for text in people)
    assert any(re.fullmatch(r"Ada\S+ \(\d+\.\d %\)", text) for text in people)


def test_the_spreadsheet_has_a_row_per_finding_by_time(whole: Whole) -> None:
    found = rows(whole.read("o.csv"))
    times = [int(row["milliseconds"]) for row in found]
    assert times == sorted(times) == [milliseconds(row["time"]) for row in found]
    kinds = {row["kind"] for row in found}
    assert kinds == {
        "person", "face", "face search", "celebrity", "object", "label", "text", "shot", "cue"
    }  # fmt: skip
    faces = [row for row in found if row["kind"] == "face"]
    assert len(faces) == len(whole.answers["GetFaceDetection"]["Faces"])
    first = whole.answers["GetFaceDetection"]["Faces"][0]["Face"]
    assert float(faces[0]["left"]) == pytest.approx(first["BoundingBox"]["Left"], abs=1e-5)
    assert float(faces[0]["confidence"]) == pytest.approx(first["Confidence"], abs=0.01)
    seen = Counter(row["track"] for row in faces)
    assert seen["0"] + seen["1"] >= 6, "a face that moves stays the same"


def test_the_cut_list_has_the_shots_in_drop_frame(whole: Whole) -> None:
    mode, events = cuts(whole.read("o.edl"))
    assert mode == "DROP FRAME"
    assert events == [
        (timecode(0, float(RATE)), timecode(CUT, float(RATE))),
        (timecode(CUT, float(RATE)), timecode(FRAMES, float(RATE))),
    ]


def facts(path: Path) -> tuple[Any, ...]:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        return (
            video.width, video.height, video.average_rate, video.frames,
            video.duration * video.time_base, container.streams.audio[0].codec_context.name,
        )  # fmt: skip


def test_the_drawn_video_has_every_frame_at_its_size_rate_and_length_and_the_sound(whole: Whole) -> None:
    assert facts(whole.folder / "o.mp4") == facts(whole.folder / "film.mp4")
    assert facts(whole.folder / "o.mp4")[3] == FRAMES


def test_marks_are_drawn_between_the_samples_and_stop_at_the_cut(whole: Whole) -> None:
    plain, drawn = pictures(whole.folder / "film.mp4"), pictures(whole.folder / "o.mp4")

    def shows(number: int, kind: str, part: tuple[slice, slice]) -> bool:
        """Whether a colour is there that the film doesn't have in that part."""
        colour = np.array(VIDEO_COLOURS[kind], int)
        now, before = (
            (np.abs(frame[number][part].astype(int) - colour).sum(2) < 60).sum() for frame in (drawn, plain)
        )
        return bool(now > before + 40)

    everywhere = slice(None), slice(None)
    left = slice(HEIGHT - 240, None), slice(0, 160)
    top = slice(0, 70), slice(None)
    for number in (0, 4, 11, CUT - 1):
        assert shows(number, "text", top), number
        assert shows(number, "person", left), number
        assert shows(number, "match", everywhere), number
    for number in (CUT, CUT + 3, FRAMES - 1):
        assert not shows(number, "text", top), number
        assert not shows(number, "person", left), number
        assert shows(number, "person", everywhere), number


def test_a_purpose_with_a_floor_shows_nothing_below_it(regard: Run, tmp_path: Path, portrait: Path) -> None:
    film(tmp_path / "film.mp4", sound=False)
    (tmp_path / "list").mkdir()
    for side in (25, 26, 27, 28, 29, 30, 36):  # the smaller, the less alike
        face = Image.open(portrait).crop((150, 0, 330, 250)).resize((side, side * 25 // 18))
        face.resize((360, 500)).save(tmp_path / "list" / f"small{side}.png")
    regard("index", "wanted", "list", "--quality", "NONE")

    def matches() -> dict[str, float]:
        answers = json.loads((tmp_path / "o.json").read_text())
        return {
            match["Face"]["ExternalImageId"]: match["Similarity"]
            for one in answers["GetFaceSearch"]["Persons"]
            for match in one["FaceMatches"]
        }

    arguments = "video", "film.mp4", "--search", "wanted", "--json", "o.json", "--vtt", "o.vtt"
    regard(*arguments)
    before = matches()
    below = {name for name, similarity in before.items() if similarity < 99}
    assert 0 < len(below) < len(before), "else the test proves nothing"
    regard("index", "wanted", "list", "--purpose", "access-control")
    printed = regard(*arguments, "--csv", "o.csv").stdout
    assert matches().keys() == before.keys() - below
    everything = printed + "".join((tmp_path / name).read_text() for name in ("o.json", "o.vtt", "o.csv"))
    assert not any(name in everything for name in below)
    refused = regard(*arguments, "--threshold", "90", code=1)
    assert refused.stderr.strip() == (
        "regard: FaceMatchThreshold must be at least 99.0 for the purpose access-control; it was 90.0."
    )
    log = [json.loads(line) for line in regard("audit", "export").stdout.splitlines()]
    searches = [one for one in log if one["operation"] == "StartFaceSearch"]
    assert [(one["purpose"], one["threshold"], one["outcome"]) for one in searches] == [
        ("general", 80.0, "begun"),
        ("general", 80.0, "ok"),
        ("access-control", 99.0, "begun"),
        ("access-control", 99.0, "ok"),
        ("access-control", None, "InvalidParameterException"),
    ]


@pytest.fixture
def bare(installed_pack: InstalledPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the default pack is installed."""
    models = tmp_path / "models"
    models.mkdir()
    (models / installed_pack.folder.name).symlink_to(installed_pack.folder)
    monkeypatch.setenv("REGARD_MODELS", str(models))


@pytest.mark.usefixtures("bare")
def test_what_can_not_be_run_is_said_and_the_rest_is_told(regard: Run, tmp_path: Path) -> None:
    still = [backdrop("brick", 320, 180)] * 8
    clips.write(tmp_path / "still.mp4", still)
    done = regard("video", "still.mp4", "--json", "-")
    answers = json.loads(done.stdout)
    assert answers["GetContentModeration"]["TIMESTAMPS"]["ModerationLabels"] == []
    assert {"GetFaceSearch", "GetCelebrityRecognition"}.isdisjoint(answers)
    assert "regard models install nudenet" in done.stderr
    assert "name a collection with --search" in done.stderr
    assert "enrol some with `regard celebrities add`" in done.stderr
    asked = regard("video", "still.mp4", "--moderation")
    assert "regard models install nudenet" in asked.stdout


NO_VIDEO = "The file is no video that can be read: it is damaged, incomplete or of another format."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("gone.mp4", "gone.mp4 can't be read: No such file or directory."),
        ("text.mp4", NO_VIDEO),
        ("half.mp4", NO_VIDEO),
        (
            "whole.mp4 --draw o.avi",
            "o.avi can't be written: give a file that ends with .mp4, .m4v or .mov.",
        ),
        ("whole.mp4 --csv no/o.csv", "There is no folder no to write o.csv in."),
        ("whole.mp4 --json whole.mp4", "whole.mp4 is the video itself; name another file to write."),
        ("whole.mp4 --text --edl o.edl", "--edl writes shots: give --segments too."),
        (
            "whole.mp4 --threshold 90",
            "--threshold is for --search COLLECTION: nothing else compares faces.",
        ),
        ("whole.mp4 --search none --json o.json", "The collection id: none does not exist"),
    ],
)
def test_what_can_not_be_done_is_one_sentence_and_leaves_no_file(
    regard: Run, tmp_path: Path, arguments: str, sentence: str
) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    whole = clips.write(tmp_path / "whole.mp4", [backdrop("brick", 320, 180)] * 8)
    (tmp_path / "half.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = regard("video", *arguments.split(), code=1)
    assert done.stderr.strip() == f"regard: {sentence}"
    left = {path.name for path in tmp_path.iterdir()} - {"data"}
    assert left == {"text.mp4", "half.mp4", "whole.mp4"}
