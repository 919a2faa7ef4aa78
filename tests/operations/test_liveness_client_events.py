"""What a client says of a check, read as a stranger's."""

from __future__ import annotations

import random

import pytest

from regard.errors import ValidationException
from regard.liveness.streams import ClientEvent
from regard.operations.liveness.client_events import ClientAccount
from regard.vision.liveness.challenge import ChallengeKind, draw_challenge


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (ChallengeKind.MOVEMENT_AND_LIGHT, 7),
        (ChallengeKind.MOVEMENT_AND_LIGHT, -1),
        (ChallengeKind.MOVEMENT, 0),
    ],
)
def test_a_colour_that_the_challenge_has_not_is_refused(kind: ChallengeKind, number: int) -> None:
    account = ClientAccount(draw_challenge(kind, 640, 480, random.Random(1)))
    white = {"RGB": [255, 255, 255]}
    shown = {
        "SequenceNumber": number,
        "CurrentColor": white,
        "PreviousColor": white,
        "CurrentColorStartTimestamp": 1,
    }
    told = {kind.value: {"ChallengeId": "one", "ColorDisplayed": shown}}
    with pytest.raises(ValidationException, match="SequenceNumber"):
        account.take(ClientEvent("ClientSessionInformationEvent", {"Challenge": told}, 1.0))
