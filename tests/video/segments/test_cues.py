"""Technical cues: each in a small programme that is drawn here, and what only looks like one."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from regard.errors import InternalServerError
from regard.packs.install import InstalledPack
from regard.video.reading.stored_video import StoredVideo
from regard.video.segments.cues import Box, Cue, CueDetector, CueKind, text_boxes
from regard.vision.session import SessionPool
from regard.vision.text import Line, TextAnalyzer, Word
from tests.video.clips import write
from tests.video.drawn import BLACK, Picture, bars, mark, mixed, page, shot

Pages = list[tuple[Picture, list[Box]]]
CREDITS = ["DIRECTOR  ANNA BERG", "CAMERA  JON VIK", "SOUND  MIA DAL", "EDITOR  OLE MOE", "MUSIC  EVA LIE"]
SLATE = ["TITLE: THE LAKE", "EPISODE: 4", "DURATION: 00:42:10", "DATE: 2026-03-02", "AUDIO: STEREO"]


def still(picture: Picture, length: int, boxes: list[Box] | None = None) -> Pages:
    return [(picture, boxes or [])] * length


def black(length: int) -> Pages:
    return still(BLACK, length)


def content(seed: int, length: int) -> Pages:
    return [(picture, []) for picture in shot(seed, length, step=(1.5, 0.5))]


def text(lines: Sequence[str], length: int, *, left: float | None = None) -> Pages:
    picture, boxes = page(lines, left=left)
    return still(picture, length, boxes)


def rolled(length: int) -> Pages:
    return [page(CREDITS * 6, top=0.95 - 0.012 * at) for at in range(length)]


def logo(length: int, fade: int = 8) -> Pages:
    return [(mixed(BLACK, mark(), min(1, (at + 1) / fade, (length - at) / fade)), []) for at in range(length)]


def detected(path: Path, pages: Pages, *, know_text: bool = True, **options: float) -> list[Cue]:
    """The cues of a clip that `path` has, or else is made of `pages`, with the text in them or without."""
    if not path.exists():
        write(path, [picture for picture, _ in pages], options={"preset": "veryfast"})
    cues = []
    with StoredVideo.open(path) as video:
        detector = CueDetector(video.facts.frame_rate, video.duration, **options)
        for frame in video.frames():
            boxes = pages[frame.number][1] if know_text and detector.wants_text(frame) else None
            cues += detector.add(frame, boxes)
        return cues + detector.finish()


def spans(cues: list[Cue], kind: CueKind) -> list[tuple[int, int]]:
    return [(cue.first_frame, cue.last_frame) for cue in cues if cue.kind is kind]


@dataclass(frozen=True)
class Programme:
    path: Path
    pages: Pages
    where: dict[CueKind, tuple[int, int]]
    cues: list[Cue]


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    """Bars, slate, black, logo, black, two shots, rolling credits, black; and where each is."""
    parts: list[tuple[CueKind, Pages]] = [
        (CueKind.COLOR_BARS, still(bars(), 60)),
        (CueKind.SLATE, text(SLATE, 75, left=0.2)),
        (CueKind.BLACK_FRAMES, black(25)),
        (CueKind.STUDIO_LOGO, logo(70)),
        (CueKind.BLACK_FRAMES, black(20)),
        (CueKind.CONTENT, [*content(1, 130), *content(2, 120)]),
        (CueKind.END_CREDITS, rolled(170)),
        (CueKind.BLACK_FRAMES, black(30)),
    ]
    pages: Pages = []
    where = {}
    for kind, part in parts:
        where[kind] = (len(pages), len(pages) + len(part) - 1)
        pages += part
    path = tmp_path_factory.mktemp("clips") / "programme.mp4"
    return Programme(path, pages, where, detected(path, pages))


def test_every_cue_of_a_programme_is_found_where_it_is(
    programme: Programme,
) -> None:
    cues, where = programme.cues, programme.where
    assert len(spans(cues, CueKind.BLACK_FRAMES)) == 3
    for kind, (first, last) in where.items():
        begin, end = spans(cues, kind)[-1]
        assert abs(begin - first) <= 4, kind
        assert abs(end - last) <= 4, kind
    assert all(50 <= cue.confidence <= 100 for cue in cues)


def test_cues_other_than_black_and_content_do_not_overlap(
    programme: Programme,
) -> None:
    cues = programme.cues
    others = sorted((c.first_frame, c.last_frame) for c in cues if c.kind is not CueKind.BLACK_FRAMES)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(others))
    assert all((cue.start, cue.end) == (40 * cue.first_frame, 40 * cue.last_frame) for cue in cues)


def test_a_programme_without_cues_is_content_alone(tmp_path: Path) -> None:
    cues = detected(tmp_path / "clip.mp4", [*content(1, 80), *content(2, 80)])
    assert [(cue.kind, cue.first_frame, cue.last_frame) for cue in cues] == [(CueKind.CONTENT, 0, 159)]


@pytest.mark.parametrize("level", [191, 255])
def test_bars_are_told_at_each_level_and_with_noise(tmp_path: Path, level: int) -> None:
    random = np.random.default_rng(0)
    noisy = [
        (np.clip(bars(level) + random.normal(0, 6, bars().shape), 0, 255).astype(np.uint8), [])
        for _ in range(50)
    ]
    cues = detected(tmp_path / "clip.mp4", [*noisy, *content(1, 60)])
    assert spans(cues, CueKind.COLOR_BARS) == [(0, 49)]


def test_stripes_in_another_order_are_no_bars(tmp_path: Path) -> None:
    mirrored = still(np.ascontiguousarray(bars()[:, ::-1]), 60)
    assert not spans(detected(tmp_path / "clip.mp4", [*mirrored, *content(1, 60)]), CueKind.COLOR_BARS)


def test_how_dark_black_is_and_how_much_of_it_are_options(tmp_path: Path) -> None:
    dark = np.full_like(BLACK, 38)
    dark[:, :16] = 120  # a twentieth of the frame
    pages = [*content(1, 50), *still(dark, 30), *content(2, 50)]
    path = tmp_path / "clip.mp4"
    assert not spans(detected(path, pages), CueKind.BLACK_FRAMES)
    assert spans(detected(path, pages, coverage=94), CueKind.BLACK_FRAMES) == [(50, 79)]
    assert not spans(detected(path, pages, coverage=94, threshold=0.05), CueKind.BLACK_FRAMES)


def test_colours_of_little_luma_are_black_however_bright_their_blue(tmp_path: Path) -> None:
    blue = np.full_like(BLACK, (0, 0, 250))
    pages = [*content(1, 25), *still(blue, 10), *content(2, 25)]
    cues = detected(tmp_path / "clip.mp4", pages, coverage=90)
    assert spans(cues, CueKind.BLACK_FRAMES) == [(25, 34)]


def test_white_text_on_black_is_not_black(tmp_path: Path) -> None:
    pages = [*content(1, 60), *text(["THE END"], 60), *content(2, 60)]
    assert not spans(detected(tmp_path / "clip.mp4", pages), CueKind.BLACK_FRAMES)


def test_titles_over_the_first_pictures_are_opening_credits(tmp_path: Path) -> None:
    pages = content(1, 250)
    for number in range(3):
        lines = [CREDITS[number], "AND OTHERS"]
        for at in range(20 + 65 * number, 75 + 65 * number):
            over, boxes = page(lines, top=0.3 + 0.1 * number)
            pages[at] = (np.maximum(pages[at][0], over), boxes)
    (found,) = spans(detected(tmp_path / "clip.mp4", [*pages, *content(2, 250)]), CueKind.OPENING_CREDITS)
    assert abs(found[0] - 20) < 30
    assert abs(found[1] - 205) < 30


def test_subtitles_are_no_credits(tmp_path: Path) -> None:
    pages = content(1, 300)
    for at in range(20, 280):
        over, boxes = page([f"And what did he say then, {at // 50}?"], top=0.88)
        pages[at] = (np.maximum(pages[at][0], over), boxes)
    cues = detected(tmp_path / "clip.mp4", pages)
    assert [cue.kind for cue in cues] == [CueKind.CONTENT]


def test_a_still_graphic_within_the_programme_is_content(tmp_path: Path) -> None:
    graphic = still(mark(ground=(220, 220, 225)), 60)
    cues = detected(tmp_path / "clip.mp4", [*content(1, 120), *graphic, *content(2, 120)])
    assert [cue.kind for cue in cues] == [CueKind.CONTENT]


def test_without_text_slates_and_credits_are_not_made_up(
    programme: Programme,
) -> None:
    cues = detected(programme.path, programme.pages, know_text=False)
    kinds = {cue.kind for cue in cues}
    assert not kinds & {CueKind.SLATE, CueKind.OPENING_CREDITS, CueKind.END_CREDITS}
    assert {CueKind.COLOR_BARS, CueKind.BLACK_FRAMES, CueKind.CONTENT} <= kinds


def test_a_longer_slate_with_more_lines_is_surer(tmp_path: Path) -> None:
    found = []
    for lines, length in ((SLATE[:4], 40), (SLATE, 120)):
        pages = [*text(lines, length, left=0.2), *black(20), *content(1, 120)]
        (slate,) = (c for c in detected(tmp_path / f"{length}.mp4", pages) if c.kind is CueKind.SLATE)
        found.append(slate.confidence)
    assert 50 < found[0] < found[1] < 100


def test_text_is_asked_for_once_a_second_at_most_and_never_in_the_middle(tmp_path: Path) -> None:
    pages = [*content(1, 250), *content(2, 250), *content(3, 250)]
    path = write(tmp_path / "clip.mp4", [picture for picture, _ in pages])
    asked = []
    with StoredVideo.open(path) as video:
        detector = CueDetector(25.0, video.duration)
        for frame in video.frames():
            wanted = detector.wants_text(frame)
            asked += [frame.number] if wanted else []
            detector.add(frame, [] if wanted else None)
    assert all(later - earlier >= 25 for earlier, later in itertools.pairwise(asked))
    assert not any(310 < number < 370 for number in asked)
    assert 20 < len(asked) <= 30


def test_a_detector_goes_on_from_its_state_as_if_it_had_not_stopped(
    programme: Programme,
) -> None:
    pages = programme.pages
    with StoredVideo.open(programme.path) as video:
        detector, cues = CueDetector(video.facts.frame_rate, video.duration), []
        for frame in video.frames():
            if frame.number % 53 == 0:
                detector = CueDetector.restore(json.loads(json.dumps(detector.state())))
            boxes = pages[frame.number][1] if detector.wants_text(frame) else None
            cues += detector.add(frame, boxes)
        assert cues + detector.finish() == programme.cues


def line(text: str, box: tuple[float, float, float, float], confidence: float) -> Line:
    left, top, width, height = box
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    return Line.of([Word(text, confidence, np.array(corners, np.float32))])


def test_only_what_is_text_for_sure_counts_as_text() -> None:
    lines = [
        line("DIRECTOR", (64, 36, 160, 18), 97),
        line("DIRECTOR", (64, 72, 160, 18), 60),  # not sure
        line("口", (100, 50, 60, 20), 95),  # a shape
        line("WALL", (0, 0, 320, 90), 95),  # half the frame
    ]
    assert text_boxes(lines, 320, 180) == [pytest.approx((0.2, 0.2, 0.5, 0.1))]


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(InternalServerError, match="Another version"):
        CueDetector.restore(CueDetector(25, 1000).state() | {"version": "0"})


def test_no_frames_have_no_cues() -> None:
    assert CueDetector(25, 1000).finish() == []


@pytest.mark.slow
def test_text_that_is_read_tells_the_same_cues(programme: Programme, installed_pack: InstalledPack) -> None:
    analyzer = TextAnalyzer(SessionPool(installed_pack.paths()))
    cues = []
    with StoredVideo.open(programme.path) as video:
        detector = CueDetector(video.facts.frame_rate, video.duration)
        for frame in video.frames():
            boxes = None
            if detector.wants_text(frame):
                boxes = text_boxes(analyzer.read(frame.image), video.facts.width, video.facts.height)
            cues += detector.add(frame, boxes)
        cues += detector.finish()
    assert [cue.kind for cue in cues] == [cue.kind for cue in programme.cues]
