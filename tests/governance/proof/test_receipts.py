"""A receipt proves one record to somebody who has nothing else of the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.governance.proof.conftest import DAY, MONDAY, Write

from regard.governance.audit import AuditLog
from regard.governance.proof.day import SealedDay
from regard.governance.proof.receipt_file import read_receipt
from regard.governance.proof.receipts import Receipt, ReceiptInvalid, make_receipt
from regard.governance.proof.seals import Seals

Get = Callable[[int], Receipt]
Change = Callable[[Receipt, SealedDay], Receipt]


@pytest.fixture
def get(log: AuditLog, seals: Seals) -> Get:
    def receipt(sequence: int) -> Receipt:
        made = make_receipt(log, seals, sequence)
        assert made is not None
        return made

    return receipt


@pytest.fixture
def sealed(seals: Seals, write: Write) -> SealedDay:
    for minute in range(11):
        write(MONDAY + timedelta(minutes=minute), n=minute)
    [day] = seals.seal_due(MONDAY + DAY)
    return day


def test_every_record_of_a_sealed_day_has_a_receipt_that_holds(sealed: SealedDay, get: Get) -> None:
    for sequence in range(sealed.first, sealed.last + 1):
        receipt = get(sequence)
        receipt.check(public_key=sealed.public_key, known=sealed.root)
        assert json.loads(receipt.record)["n"] == sequence - 1


def test_before_its_day_is_sealed_a_receipt_holds_the_link_of_the_chain(sealed: SealedDay, get: Get) -> None:
    receipt = get(sealed.last + 1)
    assert (receipt.day, receipt.path) == (None, ())
    assert receipt.previous_hash == get(sealed.last).hash
    receipt.check(known=receipt.hash)
    with pytest.raises(ReceiptInvalid, match="no seal by that key"):
        receipt.check(public_key=sealed.public_key)


def test_there_is_no_receipt_of_what_is_not_in_the_log(
    log: AuditLog, seals: Seals, sealed: SealedDay
) -> None:
    assert [make_receipt(log, seals, sequence) for sequence in (0, 1000)] == [None, None]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda one, _: replace(one, record=one.record.replace("3", "4")), "record, or a hash beside it"),
        (lambda one, _: replace(one, previous_hash=one.hash), "record, or a hash beside it"),
        (lambda one, _: replace(one, path=one.path[1:]), "not below the root"),
        (lambda one, _: replace(one, path=("0" * 64, *one.path[1:])), "not below the root"),
        (lambda one, _: replace(one, path=("x", *one.path[1:])), "a step of it is no hash"),
        (lambda one, _: replace(one, sequence=one.sequence + 1), "not below the root"),
        (lambda one, _: replace(one, sequence=one.sequence + 1000), "not below the root"),
        (lambda one, day: replace(one, day=replace(day, root="0" * 64)), "not below the root"),
        (lambda one, day: replace(one, day=replace(day, day="2026-11-22")), "signature of 2026-11-22"),
        (lambda one, day: replace(one, day=replace(day, previous="1" * 64)), "signature of 2026-11-23"),
        (lambda one, day: replace(one, day=replace(day, signature="00")), "signature of 2026-11-23"),
        (lambda one, day: replace(one, day=replace(day, public_key="é")), "signature of 2026-11-23"),
    ],
)
def test_whatever_is_changed_in_a_receipt_shows(
    sealed: SealedDay, get: Get, change: Change, problem: str
) -> None:
    with pytest.raises(ReceiptInvalid, match=problem):
        change(get(4), sealed).check()


def test_a_receipt_by_another_key_or_of_another_day_is_refused(sealed: SealedDay, get: Get) -> None:
    with pytest.raises(ReceiptInvalid, match="no seal by that key"):
        get(4).check(public_key="0" * 64)
    with pytest.raises(ReceiptInvalid, match="neither the record's nor the root of its day"):
        get(4).check(known="0" * 64)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = st.sampled_from(
    ["Sequence", "Record", "Hash", "PreviousHash", "Day", "Path", "Date", "First", "Last"]
)


@given(st.binary() | st.dictionaries(NAMES, ANYTHING).map(json.dumps).map(str.encode))
def test_a_file_that_is_no_receipt_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(ReceiptInvalid):
        read_receipt(content).check()
