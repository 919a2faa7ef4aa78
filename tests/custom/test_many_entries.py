"""As many entries as a data set may have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from regard.custom.records import MAX_ENTRIES

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_as_many_entries_as_there_may_be_are_listed_by_any_filter_within_a_gigabyte(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.custom.many_entries", str(tmp_path), str(MAX_ENTRIES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1000,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    # 50 ms is what a page may take; half of a core is often another program's.
    assert {name: took for name, took in told["pages"].items() if took > 100} == {}
    assert told["megabytes"] < 1024
    assert told["entries"] == MAX_ENTRIES * 8 // 10
