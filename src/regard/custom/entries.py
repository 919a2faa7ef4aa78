"""The entries of data sets: written some at a time, listed by index, read for training."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    select,
    union,
    update,
)

from regard.custom.datasets import renew_hold
from regard.custom.manifests.entry import DatasetEntry, ManifestLine, UselessLine
from regard.custom.manifests.reading import read_line
from regard.custom.records import MAX_ENTRIES, MAX_LABELS, CustomDataset, DatasetLabel
from regard.storage.database import Database
from regard.storage.schema import dataset_entries as table
from regard.storage.schema import dataset_labels, datasets, entry_labels

CHUNK: Final = 1000
"""Lines that are written or read at a time."""


class EntriesRefused(Exception):
    """Lines can't join a data set; the message is Rekognition's for the whole manifest."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are listed; None asks nothing. Of `labels`, one that an entry has is enough."""

    labels: tuple[str, ...] | None = None
    is_labelled: bool | None = None
    source_ref_contains: str | None = None
    has_error: bool | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of it, in hex."""
        return hashlib.sha256(repr(self).encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An entry as it is kept. `line` is its number in the manifest; `content` is it as it is listed."""

    row: int
    line: int
    content: str

    @property
    def entry(self) -> DatasetEntry:
        """What it says."""
        match read_line(self.content, self.line, longest=None):
            case ManifestLine(entry=entry):
                return entry
            case UselessLine():
                raise ValueError(f"Entry {self.row} was read when it was kept, and can't be any more.")


@dataclass(slots=True)
class _EntryCounts:
    """What some lines change in the counts of a data set."""

    total: int = 0
    labelled: int = 0
    with_errors: int = 0

    def add(self, is_labelled: bool, has_error: bool, sign: int) -> None:
        self.total += sign
        self.labelled += sign * is_labelled
        self.with_errors += sign * has_error


class Entries:
    """The entries of one database's data sets. A data set that is written into is held by its caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(
        self, dataset: CustomDataset, lines: Sequence[ManifestLine], *, replaces: bool
    ) -> list[ManifestLine]:
        """Writes lines, all of them or none; those that were left out are answered.

        Of lines with one source-ref the first counts. With `replaces` it takes the place of an entry that is
        there; else it is left out, unless that is the very line.

        Raises EntriesRefused for a second bucket, too many entries or too many labels, and
        ResourceInUseException where somebody else holds the data set.
        """
        by_digest: dict[bytes, ManifestLine] = {}
        left: list[ManifestLine] = []
        for line in lines:
            digest = _digest(line)
            if digest in by_digest:
                left.append(line)
            else:
                by_digest[digest] = line
        digests = list(by_digest)
        with self._database.write() as connection:
            renew_hold(connection, dataset)
            for first in range(0, len(digests), CHUNK):
                some = {digest: by_digest[digest] for digest in digests[first : first + CHUNK]}
                there = _there(connection, dataset, list(some))
                if not replaces:
                    left += _without_repeated(some, there)
                    there = {}
                _write(connection, dataset, some, {digest: row for digest, (row, _) in there.items()})
        return left

    def page(
        self, dataset: CustomDataset, wanted: EntryFilter, *, after: int, limit: int
    ) -> list[tuple[int, str]]:
        """The entries behind row `after` in the order they came, as they are listed, with their rows."""
        query = select(table.c.row, table.c.content).order_by(table.c.row).limit(limit)
        with self._database.read() as connection:
            rows = _rows(connection, dataset, wanted, after, limit)
            found = connection.execute(query.where(table.c.row.in_(rows)))
            return [(row, content) for row, content in found]

    def labels(self, dataset: CustomDataset, *, after: int, limit: int) -> list[DatasetLabel]:
        """The labels that entries have, behind row `after`, in the order of their first appearance."""
        columns = [dataset_labels.c[name] for name in ("row", "name", "entries", "boxed")]
        used = (dataset_labels.c.dataset == dataset.row, dataset_labels.c.entries > 0)
        query = select(*columns).where(*used, dataset_labels.c.row > after)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(dataset_labels.c.row).limit(limit))
            return [DatasetLabel(*row) for row in found]

    def last_row(self, dataset: CustomDataset) -> int:
        """The row of the newest entry, 0 where there is none."""
        query = select(func.max(table.c.row)).where(table.c.dataset == dataset.row)
        with self._database.read() as connection:
            return connection.execute(query).scalar() or 0

    def all(
        self, dataset: CustomDataset, *, usable: bool | None = None, after: int = 0
    ) -> Iterator[KeptEntry]:
        """Every entry in the order they came, `CHUNK` at a time in memory; with `usable`, those that can be
        trained on, or those that can't.
        """
        query = select(table.c.row, table.c.line, table.c.content).where(table.c.dataset == dataset.row)
        if usable is not None:
            query = query.where(table.c.is_usable.is_(usable))
        while True:
            page = query.where(table.c.row > after).order_by(table.c.row).limit(CHUNK)
            with self._database.read() as connection:
                found = [KeptEntry(*row) for row in connection.execute(page)]
            yield from found
            if len(found) < CHUNK:
                return
            after = found[-1].row


def _digest(line: ManifestLine) -> bytes:
    return hashlib.sha256(line.entry.source_ref.encode()).digest()


def _there(
    connection: Connection, dataset: CustomDataset, digests: Sequence[bytes]
) -> dict[bytes, tuple[int, int]]:
    """Row and line of the entries that there are of some digests."""
    query = select(table.c.digest, table.c.row, table.c.line)
    found = connection.execute(query.where(table.c.dataset == dataset.row, table.c.digest.in_(digests)))
    return {bytes(digest): (row, line) for digest, row, line in found}


def _without_repeated(
    lines: dict[bytes, ManifestLine], there: Mapping[bytes, tuple[int, int]]
) -> list[ManifestLine]:
    """Takes out what is there already; answers those of other lines of the manifest."""
    found = [(lines.pop(digest), number) for digest, (_, number) in there.items()]
    return [line for line, number in found if line.number != number]


def _write(
    connection: Connection,
    dataset: CustomDataset,
    by_digest: Mapping[bytes, ManifestLine],
    rows: Mapping[bytes, int],
) -> None:
    if not by_digest:
        return
    counts, used = _EntryCounts(), _forget_labels(connection, list(rows.values()))
    for labelled, wrong in connection.execute(
        select(table.c.is_labelled, table.c.has_error).where(table.c.row.in_(rows.values()))
    ):
        counts.add(labelled, wrong, -1)
    values = {digest: _values(dataset, digest, line) for digest, line in by_digest.items()}
    if rows:
        change = update(table).where(table.c.row == bindparam("its_row"))
        changed = [{**values[digest], "its_row": row} for digest, row in rows.items()]
        connection.execute(
            change.values({name: bindparam(name) for name in ("content", "line", *_FLAGS)}), changed
        )
    new = [values[digest] for digest in by_digest if digest not in rows]
    if new:
        put = insert(table).returning(table.c.digest, table.c.row, sort_by_parameter_order=True)
        added = connection.execute(put, new)
        rows = {**rows, **{bytes(digest): row for digest, row in added}}
    for one in values.values():
        counts.add(one["is_labelled"], one["has_error"], +1)
    _put_labels(connection, dataset, by_digest, rows, used)
    _count(connection, dataset, counts, by_digest)


_FLAGS: Final = ("is_labelled", "has_error", "is_usable")


def _values(dataset: CustomDataset, digest: bytes, line: ManifestLine) -> dict[str, Any]:
    entry = line.entry
    return {
        "dataset": dataset.row,
        "digest": digest,
        "source_ref": entry.source_ref,
        "content": line.content,
        "line": line.number,
        "is_labelled": entry.is_labelled,
        "has_error": line.has_error,
        "is_usable": entry.is_usable,
    }


def _forget_labels(connection: Connection, rows: Sequence[int]) -> Counter[tuple[int, str]]:
    """Takes the labels of entries away; answers by how much each label is used less."""
    used: Counter[tuple[int, str]] = Counter()
    if rows:
        its = entry_labels.c.entry.in_(rows)
        for label, boxes in connection.execute(select(entry_labels.c.label, entry_labels.c.boxes).where(its)):
            used[label, "entries"] -= 1
            used[label, "boxed"] -= boxes > 0
        connection.execute(delete(entry_labels).where(its))
    return used


def _put_labels(
    connection: Connection,
    dataset: CustomDataset,
    by_digest: Mapping[bytes, ManifestLine],
    rows: Mapping[bytes, int],
    used: Counter[tuple[int, str]],
) -> None:
    """`used` is by how much each label is used more or less by what was done before."""
    names = [name for line in by_digest.values() for name in line.entry.all_labels]
    known = label_rows(connection, dataset, names)
    put = [
        {"label": known[name], "entry": rows[digest], "boxes": boxes, "has_error": line.has_error}
        for digest, line in by_digest.items()
        for name, boxes in line.entry.all_labels.items()
    ]
    if put:
        connection.execute(insert(entry_labels), put)
    for one in put:
        used[one["label"], "entries"] += 1
        used[one["label"], "boxed"] += one["boxes"] > 0
    count_labels(connection, used)


def label_rows(connection: Connection, dataset: CustomDataset, names: Sequence[str]) -> dict[str, int]:
    """The rows of a data set's labels, which are made where they are new."""
    columns = dataset_labels.c
    query = select(columns.name, columns.row).where(columns.dataset == dataset.row)
    known = dict(connection.execute(query).all())
    new = [name for name in dict.fromkeys(names) if name not in known]
    if new:
        rows = [{"dataset": dataset.row, "name": name} for name in new]
        put = insert(dataset_labels).returning(columns.name, columns.row, sort_by_parameter_order=True)
        added = connection.execute(put, rows)
        known |= dict(added.all())
    return known


def count_labels(connection: Connection, used: Mapping[tuple[int, str], int]) -> None:
    """Adds to the counts of labels, by their rows and columns."""
    changed = sorted({label for label, _ in used})
    if changed:
        change = update(dataset_labels).where(dataset_labels.c.row == bindparam("its_row"))
        values = {name: dataset_labels.c[name] + bindparam(f"more_{name}") for name in ("entries", "boxed")}
        connection.execute(
            change.values(values),
            [
                {
                    "its_row": label,
                    "more_entries": used.get((label, "entries"), 0),
                    "more_boxed": used.get((label, "boxed"), 0),
                }
                for label in changed
            ],
        )


def _count(
    connection: Connection,
    dataset: CustomDataset,
    counts: _EntryCounts,
    by_digest: Mapping[bytes, ManifestLine],
) -> None:
    """Adds to the counts of a data set, and refuses what makes it too large."""
    buckets = {line.entry.bucket for line in by_digest.values()}
    columns = datasets.c
    current = connection.execute(
        select(columns.bucket, columns.total).where(columns.row == dataset.row)
    ).one()
    if len(buckets | ({current.bucket} - {None})) > 1:
        raise EntriesRefused("The manifest file contains images from multiple S3 buckets.")
    if current.total + counts.total > MAX_ENTRIES:
        raise EntriesRefused("The manifest file has too many rows.")
    labels = used_labels(connection, dataset)
    if labels > MAX_LABELS:
        raise EntriesRefused("The manifest file has too many labels.")
    renew_hold(
        connection,
        dataset,
        bucket=current.bucket or next(iter(buckets)),
        total=columns.total + counts.total,
        labelled=columns.labelled + counts.labelled,
        with_errors=columns.with_errors + counts.with_errors,
        labels=labels,
    )


def used_labels(connection: Connection, dataset: CustomDataset) -> int:
    """How many labels the entries of a data set have."""
    of_set = (dataset_labels.c.dataset == dataset.row, dataset_labels.c.entries > 0)
    return connection.execute(select(func.count()).select_from(dataset_labels).where(*of_set)).scalar_one()


def _rows(
    connection: Connection, dataset: CustomDataset, wanted: EntryFilter, after: int, limit: int
) -> Sequence[int]:
    """The rows of a page."""
    if wanted.labels is not None and wanted.source_ref_contains is None:
        return _labelled_rows(connection, dataset, wanted, after, limit)
    query = select(table.c.row).where(table.c.dataset == dataset.row, table.c.row > after)
    if wanted.is_labelled is not None:
        query = query.where(table.c.is_labelled.is_(wanted.is_labelled))
    if wanted.has_error is not None:
        query = query.where(table.c.has_error.is_(wanted.has_error))
    if wanted.source_ref_contains is not None:
        query = query.where(_contains(connection, wanted.source_ref_contains))
    if wanted.labels is not None:
        labels = _labels_named(connection, dataset, wanted.labels)
        its = and_(entry_labels.c.label.in_(labels), entry_labels.c.entry == table.c.row)
        query = query.where(exists().where(its))
    return connection.execute(query.order_by(table.c.row).limit(limit)).scalars().all()


def _labelled_rows(
    connection: Connection, dataset: CustomDataset, wanted: EntryFilter, after: int, limit: int
) -> Sequence[int]:
    """The rows of a page of entries that have one of some labels: a range of each is read."""
    columns = entry_labels.c
    ranges = [
        select(columns.entry).where(columns.label == label, columns.entry > after)
        for label in _labels_named(connection, dataset, wanted.labels or ())
    ]
    if not ranges or wanted.is_labelled is False:
        return []
    if wanted.has_error is not None:
        ranges = [one.where(columns.has_error.is_(wanted.has_error)) for one in ranges]
    pages = [one.order_by(columns.entry).limit(limit).subquery() for one in ranges]
    merged = union(*(select(page.c.entry) for page in pages)).subquery()
    return connection.execute(select(merged.c.entry).order_by(merged.c.entry).limit(limit)).scalars().all()


def _labels_named(connection: Connection, dataset: CustomDataset, names: Sequence[str]) -> Sequence[int]:
    columns = dataset_labels.c
    query = select(columns.row).where(columns.dataset == dataset.row, columns.name.in_(names))
    return connection.execute(query).scalars().all()


def _contains(connection: Connection, text: str) -> ColumnElement[bool]:
    """Of a source-ref with that text in it, as it is written: LIKE would not know A from a on SQLite."""
    if "\0" in text:
        return false()
    find = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return find(table.c.source_ref, text) > 0
