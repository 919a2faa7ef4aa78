"""Challenges: what is drawn, and what a client's account of it is worth."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from regard.vision.liveness.challenge import PALETTE, Challenge, ChallengeKind, draw_challenge
from regard.vision.liveness.client_report import ClientReport, ShownColour

LIGHT, MOVEMENT = ChallengeKind.MOVEMENT_AND_LIGHT, ChallengeKind.MOVEMENT


def drawn(kind: ChallengeKind = LIGHT, width: int = 640, height: int = 480, seed: int = 1) -> Challenge:
    return draw_challenge(kind, width, height, random.Random(seed))


def account(challenge: Challenge, *, drift: float = 0.0) -> ClientReport:
    """What an honest client says of the colours, with two events each."""
    events = list[ShownColour]()
    for number in range(1, len(challenge.colours)):
        current, before = challenge.colours[number].rgb, challenge.colours[number - 1].rgb
        at = 5_000.0 + 600 * number
        events.append(ShownColour(number, current, before, at, at + 90 + drift * number))
        events.append(ShownColour(number, current, current, at + 200, at + 290 + drift * number))
    return ClientReport(1_000.0, colours=tuple(events))


def test_a_challenge_is_the_same_after_it_was_kept() -> None:
    challenge = drawn()
    assert Challenge.from_json(challenge.to_json()) == challenge


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (1080, 1920), (320, 240)])
def test_the_oval_lies_within_the_picture(width: int, height: int) -> None:
    for seed in range(200):
        oval = drawn(width=width, height=height, seed=seed).oval
        assert 0 <= oval.center_x - oval.width / 2 < oval.center_x + oval.width / 2 <= width
        assert -1 <= oval.center_y - oval.height / 2 < oval.center_y + oval.height / 2 <= height + 1


def test_colours_are_six_of_the_palette_after_black_none_twice() -> None:
    orders = set()
    for seed in range(300):
        first, *others = (colour.rgb for colour in drawn(seed=seed).colours)
        assert first == (0, 0, 0)
        assert len(set(others)) == 6
        assert set(others) <= set(PALETTE)
        orders.add(tuple(others))
    assert len(orders) > 280


def test_no_second_has_more_than_three_colours() -> None:
    for seed in range(50):
        lengths = [colour.scroll_ms + colour.flat_ms for colour in drawn(seed=seed).colours[1:]]
        assert min(lengths) >= 500
        assert sum(lengths) < 4_000


def test_a_challenge_of_movement_has_no_colours() -> None:
    assert drawn(MOVEMENT).colours == ()


def test_an_honest_account_is_an_echo_though_the_clocks_differ() -> None:
    assert account(drawn()).is_echo_of(drawn())


def test_colours_in_another_order_are_no_echo() -> None:
    assert not account(drawn(seed=2)).is_echo_of(drawn(seed=1))


def test_times_that_drift_from_their_arrival_are_no_echo() -> None:
    assert not account(drawn(), drift=500).is_echo_of(drawn())


def test_a_colour_that_was_left_out_is_no_echo() -> None:
    whole = account(drawn())
    assert not replace(whole, colours=whole.colours[:-2]).is_echo_of(drawn())
    assert not replace(whole, colours=()).is_echo_of(drawn())


def test_a_number_beyond_the_challenge_is_no_echo() -> None:
    whole = account(drawn())
    beyond = replace(whole.colours[-1], number=70)
    assert not replace(whole, colours=(*whole.colours, beyond)).is_echo_of(drawn())
