"""A data set of as many entries as there may be: what its pages take, and how much memory all of it.

Run as a program: FOLDER ENTRIES. Prints JSON: the 95th percentile of a page's CPU time in ms, by filter, and
the greatest memory of the process in MB.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tests.custom.lines import boxed, classified, manifest

from regard.custom.distribution import distribute
from regard.custom.entries import CHUNK, EntryFilter
from regard.custom.manifests.entry import ManifestLine
from regard.custom.manifests.reading import read_manifest
from regard.custom.records import CustomDataset, DatasetStatus, DatasetType
from regard.custom.stores import CustomLabels
from regard.jobs.store import JobStore
from regard.storage.database import Database

PAGES = 200
FILTERS = {
    "all": EntryFilter(),
    "labelled": EntryFilter(is_labelled=True),
    "unlabelled": EntryFilter(is_labelled=False),
    "with errors": EntryFilter(has_error=True),
    "a label": EntryFilter(labels=("label 7",)),
    "ten labels": EntryFilter(labels=tuple(f"label {number}" for number in range(10))),
    "a label, with errors": EntryFilter(labels=("label 0",), has_error=True),
    "a folder": EntryFilter(source_ref_contains="pictures/007/"),
    "no picture's name": EntryFilter(source_ref_contains="nothing"),
    "a label, no picture's name": EntryFilter(labels=("label 0",), source_ref_contains="nothing"),
}


def line(number: int) -> dict[str, Any]:
    name, label = f"pictures/{number % 1000:03}/{number:06}.jpg", f"label {number % 100}"
    if number % 2:
        return boxed(name, (label, 10, 10, 100, 100), ("label 0", 20, 20, 50, 50))
    if number % 2500 == 2:
        return classified(name, label, type="wrong")
    return classified(name, *([label] if number % 10 else []))


def fill(custom: CustomLabels, dataset: CustomDataset, entries: int) -> None:
    for first in range(0, entries, CHUNK):
        text = manifest(*(line(number) for number in range(first, min(first + CHUNK, entries))))
        lines = (one for _, one in read_manifest(BytesIO(text), line=first))
        custom.entries.write(dataset, [one for one in lines if isinstance(one, ManifestLine)], replaces=False)


def pages(custom: CustomLabels, dataset: CustomDataset, wanted: EntryFilter) -> Iterator[float]:
    """CPU time of each page in ms, the lowest of three: other programs may keep the cores busy."""
    after = 0
    while True:
        took = []
        for _ in range(3):
            began = time.thread_time()
            found = custom.entries.page(dataset, wanted, after=after, limit=101)
            took.append(1000 * (time.thread_time() - began))
        yield min(took)
        if len(found) < 101:
            return
        after = found[-2][0]


def main(folder: Path, entries: int) -> None:
    database = Database.open(folder)
    custom = CustomLabels.of(database, JobStore(database), trainings=1)
    project = custom.projects.create("pets")
    dataset = custom.datasets.create(project, DatasetType.TRAIN)
    began = time.process_time()
    fill(custom, dataset, entries)
    told: dict[str, Any] = {"written in CPU seconds": round(time.process_time() - began, 1)}
    dataset = custom.datasets.end(dataset, DatasetStatus.CREATE_COMPLETE)
    told["pages"] = {
        name: round(float(np.percentile(list(islice(pages(custom, dataset, wanted), PAGES)), 95)), 1)
        for name, wanted in FILTERS.items()
    }
    test = custom.datasets.create(project, DatasetType.TEST)
    began = time.process_time()
    distribute(custom.datasets, dataset, custom.datasets.end(test, DatasetStatus.CREATE_COMPLETE), "seed")
    told["distributed in CPU seconds"] = round(time.process_time() - began, 1)
    told["entries"] = sum(1 for _ in custom.entries.all(dataset))
    told["megabytes"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
