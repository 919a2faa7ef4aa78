"""Whatever is wrong with a manifest, found without a service and without its pictures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from regard.custom.manifests.entry import DatasetEntry, UselessLine
from regard.custom.manifests.faults import Fault, FaultCode
from regard.custom.manifests.reading import read_manifest
from regard.custom.records import MAX_ENTRIES, MAX_LABELS

_KEPT: Final = 10_000  # faults
_MAX_INVALID: Final = 0.2  # of the lines that say something: more fail a training


@dataclass(frozen=True, slots=True)
class FaultyLine:
    """A fault, and the number of its line."""

    line: int
    fault: Fault


@dataclass(slots=True)
class CheckedManifest:
    """What was found: the lines that aren't blank, and the first 10,000 faults.

    `usable` lines can be trained on; `unlabelled` ones wait for a label; `invalid` ones have an error for
    which nothing of them is used; `useless` ones join no data set. `refusals` say for what the manifest as a
    whole is refused.
    """

    lines: int = 0
    usable: int = 0
    unlabelled: int = 0
    invalid: int = 0
    useless: int = 0
    faults: list[FaultyLine] = field(default_factory=list)
    is_cut_off: bool = False
    refusals: tuple[str, ...] = ()

    @property
    def has_error(self) -> bool:
        return bool(self.refusals) or any(not one.fault.code.is_warning for one in self.faults)

    def blame(self, line: int, fault: Fault) -> None:
        if len(self.faults) < _KEPT:
            self.faults.append(FaultyLine(line, fault))
        else:
            self.is_cut_off = True


def check_manifest(file: BinaryIO) -> CheckedManifest:
    """Reads a manifest through; no more than one line and 32 bytes of each other are held."""
    found = CheckedManifest()
    seen: set[bytes] = set()
    buckets: set[str] = set()
    labels: set[str] = set()
    for _, line in read_manifest(file):
        found.lines += 1
        if isinstance(line, UselessLine):
            found.useless += 1
            found.blame(line.number, line.fault)
            continue
        digest = hashlib.sha256(line.entry.source_ref.encode()).digest()
        if digest in seen:
            found.useless += 1
            found.blame(line.number, Fault.of(FaultCode.DUPLICATE_SOURCE_REF))
            continue
        seen.add(digest)
        buckets.add(line.entry.bucket)
        if len(labels) <= MAX_LABELS:
            labels |= line.entry.all_labels.keys()
        for fault in line.faults:
            found.blame(line.number, fault)
        _count(found, line.entry, any(not one.place and not one.code.is_warning for one in line.faults))
    found.refusals = tuple(_refusals(found, len(buckets), len(labels)))
    return found


def _count(found: CheckedManifest, entry: DatasetEntry, is_invalid: bool) -> None:
    if entry.is_usable:
        found.usable += 1
    elif is_invalid:
        found.invalid += 1
    else:
        found.unlabelled += 1


def _refusals(found: CheckedManifest, buckets: int, labels: int) -> list[str]:
    kept = found.lines - found.useless
    refusals = []
    if not found.lines:
        refusals.append("The manifest file is empty.")
    elif not kept:
        refusals.append("The manifest file has too many terminal errors.")
    if kept > MAX_ENTRIES:
        refusals.append("The manifest file has too many rows.")
    if buckets > 1:
        refusals.append("The manifest file contains images from multiple S3 buckets.")
    if labels > MAX_LABELS:
        refusals.append("The manifest file has too many labels.")
    if found.invalid > _MAX_INVALID * max(kept, 1):
        refusals.append("The manifest file contains too many invalid rows.")
    return refusals
