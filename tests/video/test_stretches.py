"""A film that is found in stretches, side by side: the same answer as in one piece."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.errors import InvalidS3ObjectException
from regard.jobs.records import Item
from regard.operations.stored_video import runs, side_by_side
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.tasks.executor import ThreadExecutor
from regard.tasks.stretch_task import FilmPlace
from regard.tasks.task_node import TaskNode
from regard.video.stretches.film_stretch import stretch_length
from regard.video.stretches.frames_elsewhere import FramesElsewhere
from regard.video.video_pass import VideoPass
from tests.pickled import PickledExecutor
from tests.scenes import PICTURES
from tests.video import programme
from tests.video.test_video_pass import ALL, ANALYSES, REQUEST, context_of

FOLLOWING = ("start_face_search", "start_person_tracking", "start_segment_detection")


@pytest.fixture(scope="module")
def parts(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """With a clip in a bucket, and a collection that has the astronaut in it."""
    folder = tmp_path_factory.mktemp("clips")
    programme.write(folder / "programme.mp4")
    built = build(Settings.load({}, data=tmp_path_factory.mktemp("data"), buckets=f"clips={folder}"))
    built.gate.call("create_collection", {"CollectionId": "people"}, LOCAL)
    face = {"Bytes": (PICTURES / "astronaut.jpg").read_bytes()}
    built.gate.call("index_faces", {"CollectionId": "people", "Image": face}, LOCAL)
    yield built
    built.close()


@pytest.fixture
def finders(monkeypatch: pytest.MonkeyPatch) -> list[FramesElsewhere]:
    """Steps and stretches of a second, so that a short clip has several; and who found frames elsewhere."""
    made: list[FramesElsewhere] = []

    def find_on(*arguments: Any) -> FramesElsewhere:
        made.append(side_by_side.find_on(*arguments, step=1_000))
        return made[-1]

    monkeypatch.setattr(runs, "find_on", find_on)
    monkeypatch.setattr(VideoPass.__init__, "__kwdefaults__", {"threads": 1, "step": 1_000, "finder": None})
    return made


def tag_of(parts: Parts, name: str) -> str:
    return parts.stores.objects.facts("clips", name, None, limit=10**9).tag


def found(
    parts: Parts, *names: str, cut: bool, state: dict[str, Any] | None = None, places: int | None = None
) -> tuple[dict[str, list[Item]], dict[str, Any]]:
    clip = Path(parts.settings.buckets.partition("=")[2]) / "programme.mp4"
    requests = {name: (ANALYSES[name], context_of(parts, name), REQUEST) for name in names}
    node = TaskNode(parts.settings, parts.models, parts.stores.objects)
    film = FilmPlace("clips", clip.name, None, tag_of(parts, clip.name))
    cluster = PickledExecutor(node, 2) if cut else None
    items: dict[str, list[Item]] = {name: [] for name in names}
    last: dict[str, Any] = {}
    for number, steps in enumerate(runs.run_pass(requests, clip, state, cluster=cluster, film=film)):
        for name, step in steps.items():
            items[name] += step.items
            last = json.loads(json.dumps(step.state))
        if number + 1 == places:
            break
    return items, last


@pytest.mark.slow
def test_stretches_found_side_by_side_give_what_one_piece_gives(
    parts: Parts, finders: list[FramesElsewhere]
) -> None:
    whole, _ = found(parts, *ALL, cut=False)
    joined, _ = found(parts, *ALL, cut=True)
    for name in ALL:
        assert whole[name] or name == "start_celebrity_recognition"  # there are none
        assert joined[name] == whole[name], name
    assert len(finders) == 1


@pytest.mark.parametrize(
    "name", [FOLLOWING[0], *(pytest.param(name, marks=pytest.mark.slow) for name in FOLLOWING[1:])]
)
def test_an_analysis_that_follows_something_has_no_seam_alone_either(
    parts: Parts, finders: list[FramesElsewhere], name: str
) -> None:
    assert found(parts, name, cut=True)[0] == found(parts, name, cut=False)[0]
    assert finders[0].read_here <= 2  # what the rehearsals have missed


@pytest.mark.slow
def test_what_a_cluster_began_goes_on_without_one_and_the_other_way_round(
    parts: Parts, finders: list[FramesElsewhere]
) -> None:
    names = FOLLOWING
    whole, _ = found(parts, *names, cut=False)
    for cut in (True, False):
        first, state = found(parts, *names, cut=cut, places=3)
        rest, _ = found(parts, *names, cut=not cut, state=state)
        for name in names:
            assert [*first[name], *rest[name]] == whole[name], (name, cut)


def test_a_film_that_was_replaced_is_refused(parts: Parts, finders: list[FramesElsewhere]) -> None:
    clip = Path(parts.settings.buckets.partition("=")[2]) / "programme.mp4"
    film = FilmPlace("clips", clip.name, None, tag_of(parts, clip.name))
    requests = {
        "start_face_detection": (
            ANALYSES["start_face_detection"],
            context_of(parts, "start_face_detection"),
            {},
        )
    }
    node = TaskNode(parts.settings, parts.models, parts.stores.objects)
    before = clip.stat().st_mtime
    os.utime(clip, (before + 10, before + 10))
    try:
        with pytest.raises(InvalidS3ObjectException, match="replaced"):
            list(runs.run_pass(requests, clip, cluster=ThreadExecutor(node, 1), film=film))
    finally:
        os.utime(clip, (before, before))


def test_a_stretch_is_as_long_as_keeps_all_busy_and_begins_at_a_step() -> None:
    assert stretch_length(3_600_000, 2, 10_000) == 60_000
    assert stretch_length(120_000, 4, 10_000) == 10_000
    assert stretch_length(400_000, 4, 10_000) == 30_000
    assert stretch_length(None, 4, 10_000) == 10_000
