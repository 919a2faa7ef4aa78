"""Which entries of a training set become its test set, and how they get there."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from regard.custom.datasets import Datasets, end_work, hold_dataset, renew_hold
from regard.custom.entries import CHUNK, count_labels, label_rows, used_labels
from regard.custom.records import CustomDataset, DatasetOutcome, DatasetStatus
from regard.storage.schema import dataset_entries as entries
from regard.storage.schema import dataset_labels, datasets, entry_labels

SHARE: Final = 0.2
"""Of the entries, that are moved: as Amazon has it."""
_TOO_FEW: Final = "The manifest file doesn't have enough labeled images to distribute the dataset."


@dataclass(frozen=True, slots=True)
class SplitCandidate:
    """An entry that may be moved. `key` is what its place in the draw depends on, `labels` what it shows."""

    row: int
    key: bytes
    labels: tuple[str, ...]


def draw_test_entries(candidates: Iterable[SplitCandidate], seed: str, share: float = SHARE) -> list[int]:
    """The rows of the entries to move, rising: the same of the same entries and seed.

    Entries are drawn from each label by itself, the rarest first, and count for the rarest of theirs: of each
    label with two entries one at least is moved, and one at least stays. Those without a label are drawn from
    as if that were one.
    """
    found = list(candidates)
    frequency = Counter(label for one in found for label in set(one.labels))
    groups: dict[str | None, list[SplitCandidate]] = defaultdict(list)
    for one in found:
        rarest = min(one.labels, key=lambda label: (frequency[label], label), default=None)
        groups[rarest].append(one)
    order = sorted(groups, key=lambda label: (len(groups[label]), label or ""))
    moved: list[int] = []
    owed = 0.0
    for label in order:
        group = groups[label]
        owed += share * len(group)
        count = round(owed) if len(group) < 2 else min(max(1, round(owed)), len(group) - 1)
        owed -= count
        group.sort(key=lambda one: hashlib.sha256(seed.encode() + one.key).digest())
        moved += [one.row for one in group[:count]]
    return sorted(moved)


def distribute(store: Datasets, train: CustomDataset, test: CustomDataset, seed: str) -> None:
    """Moves a fifth of a training set into its test set, which is empty: all of it, or nothing.

    Both end in UPDATE_COMPLETE, or, with too few labelled entries, in UPDATE_FAILED. Raises
    ResourceInUseException while one of them is changed.
    """
    with store.database.write() as connection:
        held = [hold_dataset(connection, train), hold_dataset(connection, test)]
    with store.database.read() as connection:
        candidates = _candidates(connection, train)
    moved = draw_test_entries(candidates, seed)
    if sum(bool(one.labels) for one in candidates) < 2 or not moved:
        for one in held:
            store.end(one, DatasetStatus.UPDATE_FAILED, _TOO_FEW, DatasetOutcome.CLIENT_ERROR)
        return
    with store.database.write() as connection:
        used: Counter[tuple[int, str]] = Counter()
        for first in range(0, len(moved), CHUNK):
            _move(connection, held[1], moved[first : first + CHUNK], used)
        count_labels(connection, used)
        for one in held:
            _recount(connection, one)
            end_work(connection, one, DatasetStatus.UPDATE_COMPLETE)


def _candidates(connection: Connection, train: CustomDataset) -> list[SplitCandidate]:
    labels: dict[int, list[str]] = defaultdict(list)
    named = (
        select(entry_labels.c.entry, dataset_labels.c.name)
        .join(dataset_labels, dataset_labels.c.row == entry_labels.c.label)
        .where(dataset_labels.c.dataset == train.row)
    )
    for row, name in connection.execute(named):
        labels[row].append(name)
    query = select(entries.c.row, entries.c.digest).where(entries.c.dataset == train.row)
    return [
        SplitCandidate(row, bytes(digest), tuple(labels.get(row, ())))
        for row, digest in connection.execute(query.order_by(entries.c.row))
    ]


def _move(
    connection: Connection, test: CustomDataset, rows: Sequence[int], used: Counter[tuple[int, str]]
) -> None:
    """Moves some entries; `used` is told by how much each label of the two sets is used more or less."""
    columns = (*entry_labels.c, dataset_labels.c.name)
    its = entry_labels.c.entry.in_(rows)
    joined = entry_labels.join(dataset_labels, dataset_labels.c.row == entry_labels.c.label)
    found = connection.execute(select(*columns).select_from(joined).where(its)).all()
    known = label_rows(connection, test, [one.name for one in found])
    connection.execute(delete(entry_labels).where(its))
    connection.execute(update(entries).where(entries.c.row.in_(rows)).values(dataset=test.row))
    if found:
        put = [
            {"label": known[one.name], "entry": one.entry, "boxes": one.boxes, "has_error": one.has_error}
            for one in found
        ]
        connection.execute(insert(entry_labels), put)
    for one in found:
        for label, sign in ((one.label, -1), (known[one.name], 1)):
            used[label, "entries"] += sign
            used[label, "boxed"] += sign * (one.boxes > 0)


def _recount(connection: Connection, dataset: CustomDataset) -> None:
    """Counts a data set anew."""
    flags = select(entries.c.is_labelled, entries.c.has_error).where(entries.c.dataset == dataset.row)
    found = connection.execute(flags).all()
    bucket = connection.execute(
        select(datasets.c.bucket).where(datasets.c.project == dataset.project, datasets.c.bucket.is_not(None))
    ).scalars()
    renew_hold(
        connection,
        dataset,
        total=len(found),
        labelled=sum(one.is_labelled for one in found),
        with_errors=sum(one.has_error for one in found),
        labels=used_labels(connection, dataset),
        bucket=next(iter(bucket), None),
    )
