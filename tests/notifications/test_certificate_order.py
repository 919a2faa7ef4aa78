"""The order of a time-stamp's certificates, whatever an authority answers."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.notifications.certificate_order import with_sorted_certificates


def element(tag: int, content: bytes) -> bytes:
    """As DER has it, up to 65,535 bytes."""
    length = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([tag]) + length + content


def answer(certificates: list[bytes]) -> bytes:
    """A TimeStampResp with what its parts have instead of what matters not here."""
    signed = element(0x02, b"\x03") + element(0x31, b"") + element(0x30, b"")
    signed += element(0xA0, b"".join(element(0x30, one) for one in certificates)) + element(0x31, b"")
    token = element(0x30, element(0x06, b"\x2a") + element(0xA0, element(0x30, signed)))
    return element(0x30, element(0x30, element(0x02, b"\0")) + token)


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_certificates_are_sorted_and_nothing_else_changes(certificates: list[bytes]) -> None:
    wanted = answer(sorted(certificates, key=lambda one: element(0x30, one)))
    assert with_sorted_certificates(answer(certificates)) == wanted


def test_an_answer_without_a_time_stamp_stays_as_it_is() -> None:
    refused = element(0x30, element(0x30, element(0x02, b"\x02")))
    assert with_sorted_certificates(refused) == refused


@given(st.binary(max_size=100))
def test_what_is_no_der_is_a_value_error_or_stays_as_long(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert len(with_sorted_certificates(content)) == len(content)


@pytest.mark.parametrize("content", [b"0", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff", b"\x30\x05\x00"])
def test_an_element_that_is_cut_off_or_has_no_length_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="An element"):
        with_sorted_certificates(content)
