"""What `regard video` writes, from findings made up: rates, escapes, lists that a format has no room for."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.jobs.records import Item
from regard.jobs.spool import ItemSpool
from regard.presentation.captions import Place, place_captions
from regard.presentation.video.cutlist import write_cut_list
from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.frame_marks import FrameMarks
from regard.presentation.video.linking import Linker
from regard.presentation.video.sightings import PERSON, SIGHTING_KINDS, TEXT
from regard.presentation.video.spells import Spell, spells
from regard.presentation.video.spreadsheet import write_spreadsheet
from regard.presentation.video.subtitles import _escaped, clock, write_subtitles

PEOPLE = PERSON.operation


@pytest.fixture
def spool() -> Iterator[ItemSpool]:
    with ItemSpool() as made:
        yield made


def found_in(spool: ItemSpool, *ran: str, rate: float = 25, duration: int = 10_000) -> VideoFindings:
    about = {"FrameRate": rate, "DurationMillis": duration}
    intervals = {kind.operation: 250 if kind is PERSON else 500 for kind in SIGHTING_KINDS}
    return VideoFindings(spool, {name: {"VideoMetadata": about} for name in ran}, intervals)


def shots(spool: ItemSpool, count: int, frames: int) -> None:
    bodies = [
        {
            "Type": "SHOT",
            "StartFrameNumber": number * frames,
            "EndFrameNumber": number * frames + frames - 1,
            "ShotSegment": {"Index": number, "Confidence": 90.0},
        }
        for number in range(count)
    ]
    spool.add("start_segment_detection", [Item(at, "0", body) for at, body in enumerate(bodies)])


def seen(at: int, left: float, number: int = 0) -> Item:
    box = {"Left": left, "Top": 0.2, "Width": 0.2, "Height": 0.4}
    return Item(at, f"{number:09}", {"Person": {"Index": number, "BoundingBox": box}})


def text(at: int, read: str, top: float = 0.1) -> Item:
    detection: dict[str, Any] = {
        "DetectedText": read,
        "Type": "LINE",
        "Confidence": 90.0,
        "Geometry": {"BoundingBox": {"Left": 0.1, "Top": top, "Width": 0.5, "Height": 0.06}},
    }
    return Item(at, "", {"Timestamp": at, "TextDetection": detection})


@pytest.mark.parametrize(
    ("rate", "mode", "ends"),
    [
        (30_000 / 1001, "DROP FRAME", "00:01:00;02"),
        (24_000 / 1001, "NON-DROP FRAME", "00:01:15:00"),
        (25, "NON-DROP FRAME", "00:01:12:00"),
    ],
)
def test_a_cut_list_counts_as_its_rate_does(
    spool: ItemSpool, tmp_path: Path, rate: float, mode: str, ends: str
) -> None:
    shots(spool, 1, 1800)
    [file] = write_cut_list(found_in(spool, "x", rate=rate), Path("a.mp4"), tmp_path / "a.edl")
    lines = file.read_text("ascii").splitlines()
    assert lines[1] == f"FCM: {mode}"
    assert lines[3].split()[5] == ends


def test_a_cut_list_goes_on_in_further_files_past_999_shots(spool: ItemSpool, tmp_path: Path) -> None:
    shots(spool, 2_000, 50)
    files = write_cut_list(found_in(spool, "x"), Path("film é.mp4"), tmp_path / "a.edl")
    assert [file.name for file in files] == ["a.edl", "a-2.edl", "a-3.edl"]
    events = [
        line.split() for file in files for line in file.read_text("ascii").splitlines() if line[:3].isdigit()
    ]
    assert len(events) == 2_000
    assert {event[0] for event in events} == {f"{number:03}" for number in range(1, 1000)}
    assert all(one[5] == other[4] for one, other in pairwise(events)), "without a gap, from file to file"


def test_a_name_is_no_formula_for_a_spreadsheet(spool: ItemSpool, tmp_path: Path) -> None:
    spool.add("start_text_detection", [text(0, '=HYPERLINK("x")'), text(0, 'a, "b"', 0.5)])
    write_spreadsheet(found_in(spool, "start_text_detection"), tmp_path / "o.csv")
    with (tmp_path / "o.csv").open(newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert names == ['\'=HYPERLINK("x")', 'a, "b"']


@given(st.text())
def test_no_text_breaks_a_cue(read: str) -> None:
    cue = _escaped(read)
    assert cue.strip()
    assert len(cue.splitlines()) == 1
    assert "<" not in cue
    assert "-->" not in cue


def test_readings_that_differ_a_little_are_one_cue_and_the_next_subtitle_is_another(
    spool: ItemSpool, tmp_path: Path
) -> None:
    readings = ["Good evening", "Good evenlng", "Good evening"]
    spool.add("start_text_detection", [text(500 * at, read) for at, read in enumerate(readings)])
    spool.add("start_text_detection", [text(1_500, "Good night")])
    [file] = write_subtitles(found_in(spool, "start_text_detection"), tmp_path / "o.vtt")
    assert file.read_text() == (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\nGood evening\n"
        "\n2\n00:00:01.500 --> 00:00:02.000\nGood night\n"
    )


def test_a_line_that_rolls_is_one_line(spool: ItemSpool) -> None:
    rolling = [text(500 * at, "Directed by Ada", 0.9 - 0.2 * at) for at in range(5)]
    spool.add("start_text_detection", rolling)
    [spell] = spells(found_in(spool, "start_text_detection"), TEXT)
    assert (spell.start, spell.end) == (0, 2_500)


def test_times_of_hours_are_written_out() -> None:
    assert clock(3_661_007) == "01:01:01.007"
    assert clock(100 * 3_600_000) == "100:00:00.000"


def test_a_face_keeps_its_track_while_it_moves_and_another_gets_its_own() -> None:
    linker = Linker()
    boxes = [(0.1 + 0.05 * at, 0.2, 0.2 + 0.05 * at, 0.35) for at in range(4)]
    tracks = [
        linker.link(500 * at, ["face", "face"], [box, (0.7, 0.6, 0.8, 0.75)]) for at, box in enumerate(boxes)
    ]
    assert tracks == [[0, 1]] * 4
    assert linker.link(9_000, ["face"], [boxes[-1]]) == [2], "it was away for long"


def carried(spool: ItemSpool, frames: int, cut: int | None = None) -> list[list[float]]:
    """Left edges of what is shown in each of so many frames, 25 a second, 100 px wide."""
    changes = ((40 * number, number == cut) for number in range(frames))
    made = FrameMarks(found_in(spool, PEOPLE), changes, 100, 100)
    return [[round(one.box[0], 3) for one in made.at(40 * number)] for number in range(frames)]


def test_a_mark_goes_straight_from_sample_to_sample(spool: ItemSpool) -> None:
    spool.add(PEOPLE, [seen(0, 0.1), seen(280, 0.24), seen(520, 0.36)])
    lefts = carried(spool, 16)
    assert all(len(one) == 1 for one in lefts)
    np.testing.assert_allclose([one[0] for one in lefts[:14]], 10 + 2 * np.arange(14), atol=0.01)
    assert lefts[15] == lefts[13], "to the end, where it was last seen"


def test_a_mark_does_not_go_over_a_cut(spool: ItemSpool) -> None:
    spool.add(PEOPLE, [seen(0, 0.1), seen(280, 0.2), seen(520, 0.7), seen(760, 0.7)])
    lefts = carried(spool, 25, cut=10)
    assert lefts[9] == [20.0], "until the cut where it was"
    assert lefts[10] == [70.0], "from the cut where it is"


def test_a_mark_fades_half_way_to_the_sample_that_misses_it(spool: ItemSpool) -> None:
    spool.add(PEOPLE, [seen(0, 0.1), seen(280, 0.1), seen(2_800, 0.5)])
    lefts = carried(spool, 80)
    shown = [bool(one) for one in lefts]
    assert shown[10]
    assert not any(shown[12:65])
    assert shown[68]


def test_captions_stay_at_their_corner_while_they_can() -> None:
    size = [(60.0, 12.0)]
    boxes = [(100.0, 100.0, 180.0, 200.0), (300.0, 100.0, 380.0, 200.0)]
    first = place_captions(boxes, [size, size], 640, 360)
    moved = [(130.0, 20.0, 210.0, 120.0), boxes[1]]
    again = place_captions(moved, [size, size], 640, 360, kept=first)
    corners = [place.corner for place in first if place is not None]
    assert [place.corner for place in again if place is not None] == corners
    beyond = [(130.0, 2.0, 210.0, 102.0), boxes[1]]
    pushed = place_captions(beyond, [size, size], 640, 360, kept=again)
    assert pushed[0] is not None
    assert pushed[0].corner != corners[0], "there is no room above any more"
    assert pushed[1] == again[1]


def test_captions_stay_off_a_part_that_is_taken() -> None:
    kept = [Place((0.0, 340.0, 60.0, 352.0), 0)]
    [place] = place_captions(
        [(0.0, 352.0, 10.0, 360.0)], [[(60.0, 12.0)]], 640, 360, kept=kept, taken=[(0.0, 330.0, 100.0, 360.0)]
    )
    assert place is not None
    assert place.box[0] >= 100 or place.box[3] <= 330


def test_what_is_put_by_comes_back_in_order(spool: ItemSpool) -> None:
    spool.add("a", [Item(5, "b", {"n": 0}), Item(1, "c", {"n": 1}), Item(5, "a", {"n": 2})])
    spool.add("a", [Item(1, "a", {"n": 3}), Item(0, "z", {"n": 4}, "OTHER")])
    assert [one.body["n"] for one in spool.items("a")] == [1, 3, 0, 2]
    assert [one.body["n"] for one in spool.items("a", by_key=True)] == [3, 2, 0, 1]
    assert [one.body["n"] for one in spool.items("a", "OTHER")] == [4]
    assert spool.of_key("a", "", "c") == Item(1, "c", {"n": 1})
    assert spool.of_key("a", "", "d") is None


def test_spells_end_with_the_video(spool: ItemSpool) -> None:
    spool.add(PEOPLE, [seen(0, 0.1), seen(250, 0.1), seen(500, 0.1)])
    [spell] = spells(found_in(spool, PEOPLE, duration=600), PERSON)
    assert isinstance(spell, Spell)
    assert (spell.start, spell.end) == (0, 600)
