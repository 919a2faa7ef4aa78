"""A version has as many pictures at work as inference units; as many again wait, and the rest is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from tests.custom.test_version_store import SOMEBODY
from tests.waiting import PATIENCE

from regard.custom.units import InferenceUnits
from regard.custom.version_records import ProjectVersion, VersionStatus
from regard.errors import ProvisionedThroughputExceededException


class Pictures:
    """Pictures that are at work until they are let go."""

    def __init__(self, units: InferenceUnits, threads: ThreadPoolExecutor) -> None:
        self._units = units
        self._threads = threads
        self.may_go = threading.Event()

    def send(self, version: ProjectVersion) -> tuple[Future[None], threading.Event]:
        """What comes of a picture, and whether it is at work."""
        is_at_work = threading.Event()

        def work() -> None:
            with self._units.hold(version):
                is_at_work.set()
                assert self.may_go.wait(PATIENCE)

        return self._threads.submit(work), is_at_work

    def begin(self, version: ProjectVersion) -> Future[None]:
        """A picture that is at work."""
        sent, is_at_work = self.send(version)
        assert is_at_work.wait(PATIENCE)
        return sent

    def wait(self, version: ProjectVersion) -> Future[None]:
        """A picture that waits."""
        sent, is_at_work = self.send(version)
        deadline = time.monotonic() + PATIENCE
        while not self._units.waiting(version):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        assert not is_at_work.is_set()
        return sent


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    with ThreadPoolExecutor(16) as threads:
        pictures = Pictures(InferenceUnits(seconds=PATIENCE), threads)
        yield pictures
        pictures.may_go.set()


def version(row: int, units: int, ceiling: int | None = None) -> ProjectVersion:
    empty = dict.fromkeys(ProjectVersion.__dataclass_fields__)
    known = {"row": row, "created_by": SOMEBODY, "status": VersionStatus.RUNNING}
    return ProjectVersion(**{**empty, **known, "min_units": units, "max_units": ceiling})


def test_a_picture_waits_for_a_unit_and_one_more_is_refused(pictures: Pictures) -> None:
    one = version(1, 1)
    first = pictures.begin(one)
    second = pictures.wait(one)
    third, _ = pictures.send(one)
    with pytest.raises(ProvisionedThroughputExceededException, match="throughput of 1 inference unit"):
        third.result(PATIENCE)
    pictures.begin(version(2, 1))  # another version isn't held up
    pictures.may_go.set()
    first.result(PATIENCE)
    second.result(PATIENCE)


def test_a_version_has_its_maximum_while_no_other_waits(pictures: Pictures) -> None:
    greedy, modest = version(1, 1, 3), version(2, 1)
    for _ in range(2):
        pictures.begin(greedy)
    pictures.begin(modest)
    pictures.wait(modest)
    pictures.wait(greedy)  # its third unit would be free


def test_a_picture_that_no_unit_comes_free_for_is_refused() -> None:
    units, one = InferenceUnits(seconds=0.01), version(1, 1)
    with units.hold(one):
        with pytest.raises(ProvisionedThroughputExceededException), units.hold(one):
            pass
        assert not units.waiting(one)
    with units.hold(one):
        pass


def test_a_picture_that_fails_gives_its_unit_back() -> None:
    units, one = InferenceUnits(seconds=0.01), version(1, 1)
    for _ in range(2):
        with pytest.raises(OSError, match="damaged"), units.hold(one):
            raise OSError("damaged")
