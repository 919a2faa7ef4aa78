"""A site's own network against recaptures: described, run, and worth what its card says."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from regard.errors import RegardError
from regard.evaluation.liveness.recapture_rates import card_of, measured_recapture, shifts_of
from regard.evaluation.liveness.site_attempts import site_attempts
from regard.evaluation.liveness.species_rates import ScoredPresentation, make_card
from regard.liveness.cards import card_in_force, try_recapture
from regard.settings import Settings
from regard.vision.geometry import Box
from regard.vision.liveness.card import load_card
from regard.vision.liveness.parameters import parameters_digest
from regard.vision.liveness.recapture import RECAPTURE, NetworkUnfit
from regard.vision.liveness.recapture_description import read_adapter
from regard.vision.liveness.scoring import VERSION
from regard.vision.liveness.seen_frames import KeptPicture, SeenVideo
from regard.vision.session import SessionPool
from tests.reddish import CARD, DESCRIPTION, network


@pytest.fixture
def description(tmp_path: Path) -> Path:
    network(tmp_path / "reddish.onnx")
    file = tmp_path / "recapture.toml"
    file.write_text(DESCRIPTION + CARD)
    return file


def picture(face: tuple[int, int, int], around: tuple[int, int, int], time: float = 0.0) -> KeptPicture:
    """One of 100 × 100 px whose face is in the middle, 40 × 40."""
    pixels = np.full((100, 100, 3), around, np.uint8)
    pixels[30:70, 30:70] = face
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=95)
    nowhere = np.zeros((5, 2), np.float32)
    return KeptPicture(time, out.getvalue(), Box(30, 30, 40, 40), nowhere, 1.0)


def seen(*pictures: KeptPicture) -> SeenVideo:
    return SeenVideo(100, 100, (), pictures)


RED, BLUE, GREY = (220, 30, 30), (30, 30, 220), (128, 128, 128)


def pool(file: Path) -> SessionPool:
    return SessionPool({}, optional={RECAPTURE: lambda: read_adapter(file).network})


def test_a_network_moves_a_score_as_far_as_its_card_carries(description: Path) -> None:
    adapter = read_adapter(description)
    up, down = shifts_of(adapter)
    # 0 of 60 people and 1 of 60 attacks: at most 4.9 and 7.7 %, so 12.4 and 19 times as probable.
    assert up == pytest.approx(np.log(0.9513 / 0.0766) / np.log(100), abs=0.01)
    assert down == pytest.approx(np.log(0.9234 / 0.0487) / np.log(100), abs=0.01)
    alive = measured_recapture(seen(picture(RED, GREY)), adapter, pool(description))
    recaptured = measured_recapture(seen(picture(BLUE, GREY)), adapter, pool(description))
    assert alive is not None
    assert recaptured is not None
    assert (alive.is_live, alive.shift) == (True, up)
    assert (recaptured.is_live, recaptured.shift) == (False, -down)


def test_the_mean_of_its_pictures_counts(description: Path) -> None:
    pictures = [picture(RED, GREY, 0), picture(BLUE, GREY, 1), picture(BLUE, GREY, 2)]
    found = measured_recapture(seen(*pictures), read_adapter(description), pool(description))
    assert found is not None
    assert not found.is_live
    assert measured_recapture(seen(), read_adapter(description), pool(description)) is None


def test_a_worthless_card_moves_nothing_and_none_counts_only(description: Path) -> None:
    worthless = CARD.replace("accepted = 1", "accepted = 58")
    description.write_text(DESCRIPTION + worthless)
    assert shifts_of(read_adapter(description)) == (0.0, 0.0)
    description.write_text(DESCRIPTION)
    adapter = read_adapter(description)
    assert shifts_of(adapter) == (0.0, 0.0)
    assert adapter.moves is None


def test_the_crop_is_as_large_as_said_and_in_the_order_that_is_said(description: Path) -> None:
    adapter = read_adapter(description)
    whole = np.zeros((100, 100, 3), np.uint8)
    whole[30:70, 30:70] = RED
    taken = adapter.input_of(whole, Box(30, 30, 40, 40))
    assert taken.shape == (1, 3, 16, 16)
    assert taken.mean() == pytest.approx(np.mean(RED) / 255 / 4, abs=0.01)  # twice the box: a quarter is face
    description.write_text(DESCRIPTION + 'order = "BGR"\nlayout = "NHWC"\n')
    turned = read_adapter(description).input_of(whole, Box(30, 30, 40, 40))
    np.testing.assert_allclose(turned[0], taken[0].transpose(1, 2, 0)[:, :, ::-1])
    beyond = adapter.input_of(np.full((100, 100, 3), 255, np.uint8), Box(80, 80, 40, 40))
    assert beyond.min() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("live = 1|live = 9", None),
        ("margin = 2.0|margin = 99", "margin is 0.5 to 8.0"),
        ("size = 16|sise = 16", "'sise', which is not known"),
        ('network = "reddish.onnx"|network = "../reddish.onnx"', "without a folder"),
        ("threshold = 0.5|threshold = 2", "threshold lies"),
        ("accepted = 1|accepted = 61", "no more than there were"),
    ],
)
def test_a_wrong_description_is_told_in_a_sentence(description: Path, change: str, words: str | None) -> None:
    before, after = change.split("|")
    description.write_text(description.read_text().replace(before, after))
    settings = Settings.load({}, data=description.parent, liveness_recapture=description)
    if words is None:
        with pytest.raises(NetworkUnfit, match="its class 9"):
            measured_recapture(seen(picture(RED, GREY)), read_adapter(description), pool(description))
        return
    with pytest.raises(RegardError, match=words):
        card_in_force(settings)


def test_a_card_counts_for_the_network_that_it_was_measured_with_alone(
    description: Path, tmp_path: Path
) -> None:
    settings = Settings.load({}, data=tmp_path, liveness_recapture=description)
    assert card_in_force(settings).card is None  # Regard's own was measured without
    attacks = [
        ScoredPresentation("phone", True, 0.2, False),
        ScoredPresentation("bona fide", False, 1.2, True),
    ]
    file = tmp_path / "card.json"
    moves = read_adapter(description).moves
    file.write_text(make_card("Two.", attacks, is_simulated=True, recapture=moves).to_json())
    with_card = Settings.load({}, data=tmp_path, liveness_recapture=description, liveness_card=file)
    assert card_in_force(with_card).card is not None
    network(tmp_path / "reddish.onnx", weight=9.0)
    assert card_in_force(with_card).card is None


def test_without_a_network_that_moves_scores_cards_stay_as_they_were(
    description: Path, tmp_path: Path
) -> None:
    assert load_card().parameters == parameters_digest()
    description.write_text(DESCRIPTION)
    settings = Settings.load({}, data=tmp_path, liveness_recapture=description)
    assert card_in_force(settings).card == load_card()


def test_a_site_s_attempts_make_the_network_s_card(description: Path) -> None:
    description.write_text(DESCRIPTION)
    adapter = read_adapter(description)

    def record(session: str, **evidence: Any) -> dict[str, Any]:
        told = {
            "light_version": VERSION,
            "light_parameters": parameters_digest(),
            "light_score": 1.0,
            "gates_passed": True,
            "recapture_network": adapter.digest,
            **evidence,
        }
        return {"session": session, "liveness": {"challenge": "light", "evidence": told}}

    species = {"a": "bona fide", "b": "phone", "c": "phone"}
    records = [
        record("a", recapture_is_live=True),
        record("b", recapture_is_live=False),
        record("c", recapture_is_live=True),
    ]
    made = card_of(site_attempts(species, records, adapter).scored)
    assert made is not None
    description.write_text(DESCRIPTION + made)
    counts = read_adapter(description).counts
    assert counts is not None
    assert (counts.people, counts.people_refused, counts.attacks) == (1, 0, (("phone", 2, 1),))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("live = 1|live = 2", "answers 2 numbers; its class 2 is none of them"),
        ("size = 16|size = 32", "takes 'pixels' of 1 × 3 × 16 × 16; .* 'pixels' of 1 × 3 × 32 × 32"),
        ('input = "pixels"|input = "image"', "would be given 'image'"),
        ('live = 1|live = 1\nlayout = "NHWC"', "'pixels' of 1 × 16 × 16 × 3"),
        ("live = 1|live = 1\nsoftmax = false", "no probability; say softmax = true"),
        ("reddish|probabilities", "probabilities already; say softmax = false"),
        ("reddish|single", "whose softmax is always 1"),
        ("reddish|map", "1 × 3 × 16 × 16, isn't one number for each class"),
        ("reddish|text", "is no ONNX file"),
    ],
)
def test_a_network_that_is_not_as_described_is_told_before_any_check(
    description: Path, change: str, words: str
) -> None:
    folder = description.parent
    network(folder / "reddish.onnx", bias=2.0)
    network(folder / "probabilities.onnx", last="Softmax")
    network(folder / "single.onnx", classes=1)
    network(folder / "map.onnx", last=None)
    (folder / "text.onnx").write_text("a text")
    settings = Settings.load({}, data=folder, liveness_recapture=description)
    try_recapture(settings)
    description.write_text(description.read_text().replace(*change.split("|")))
    if "single" in change:
        description.write_text(description.read_text().replace("live = 1", "live = 0"))
    with pytest.raises(RegardError, match=words):
        try_recapture(settings)
