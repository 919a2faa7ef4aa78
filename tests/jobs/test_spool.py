"""What analyses of one video find, kept on disk until it is written out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from regard.jobs.records import Item
from regard.jobs.spool import ItemSpool


@pytest.fixture
def spool() -> Iterator[ItemSpool]:
    with ItemSpool() as made:
        yield made


def item(timestamp: int, key: str, n: int = 0, view: str = "") -> Item:
    return Item(timestamp, key, {"N": n}, view)


def test_items_come_by_time_or_by_key_and_those_of_one_moment_as_they_were_found(spool: ItemSpool) -> None:
    spool.add("faces", [item(20, "b", 1), item(10, "c", 2)])
    spool.add("faces", [item(10, "a", 3), item(20, "a", 4), item(20, "b", 5)])
    assert [one.body["N"] for one in spool.items("faces")] == [2, 3, 1, 4, 5]
    assert [one.body["N"] for one in spool.items("faces", by_key=True)] == [3, 4, 1, 5, 2]


def test_operations_and_views_are_kept_apart(spool: ItemSpool) -> None:
    spool.add("labels", [item(0, "Car", 1, "TIMESTAMPS"), item(0, "Car", 2, "SEGMENTS")])
    spool.add("faces", [item(0, "Car", 3)])
    assert list(spool.items("labels", "SEGMENTS")) == [item(0, "Car", 2, "SEGMENTS")]
    assert list(spool.items("labels")) == []


def test_the_first_item_of_a_key_is_found(spool: ItemSpool) -> None:
    spool.add("faces", [item(20, "é", 1), item(10, "é", 2), item(10, "é", 3)])
    assert spool.of_key("faces", "", "é") == item(10, "é", 2)
    assert spool.of_key("faces", "", "e") is None


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="a process's open files are seen in /proc")
def test_what_exceeds_the_cache_lies_in_a_file_that_nobody_has_to_remove(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from regard.jobs.records import Item\n"
        "from regard.jobs.spool import ItemSpool\n"
        "with ItemSpool() as spool:\n"
        "    spool.add('faces', (Item(n, '', {'text': 'x' * 1000}) for n in range(40_000)))\n"
        "    files = [entry for entry in os.scandir('/proc/self/fd') if entry.is_file()]\n"
        "    print(*(f'{entry.stat().st_size} {os.readlink(entry.path)}' for entry in files), sep='\\n')\n"
    )
    environment = {**os.environ, "SQLITE_TMPDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    [line] = [line for line in ran.stdout.splitlines() if str(tmp_path) in line]
    assert int(line.split()[0]) > 20_000_000
    assert line.endswith("(deleted)")
