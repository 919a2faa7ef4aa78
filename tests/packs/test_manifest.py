"""A pack's file: what it must hold, and what is said when it doesn't."""

from __future__ import annotations

import pytest

from regard.packs.manifest import PackError, find_pack
from tests.packs.conftest import SmallPack

NAMES = {
    *("blazeface", "facemesh", "iris", "faceres", "emotion", "centernet", "movenet"),
    *("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet", "dlib-resnet", "mobilefacenet"),
    *("ppocr-detection", "ppocr-recognition", "ppocr-angle", "mobilenetv2", "efficientnet", "open-nsfw"),
}


def test_the_default_pack_has_the_models_that_vision_asks_for() -> None:
    assert find_pack("default").models.keys() == NAMES


def test_every_model_of_the_default_pack_states_its_licence_and_limits() -> None:
    assert all(model.licence and model.card for model in find_pack("default").models.values())


def test_what_is_installed_by_default_carries_no_copyleft() -> None:
    assert not [model.name for model in find_pack("default").models.values() if "GPL" in model.licence]
    assert "AGPL-3.0" in {model.licence for model in find_pack("nudenet").models.values()}


def test_dlibs_landmarks_for_research_only_are_in_no_pack() -> None:
    assert "68_face_landmarks" not in find_pack("default").text


def test_an_unknown_pack_is_answered_with_the_known_ones() -> None:
    with pytest.raises(PackError, match="name one of default"):
        find_pack("best")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('importer = "onnx"', 'importer = "magic"', "'magic' is none of the importers"),
        ('kind = "file"', 'kind = "ftp"', "'ftp' is none of the kinds"),
        ('source = "archive"', 'source = "nowhere"', "names the source 'nowhere'"),
        ("members = { model", "members = { weights", "must name the members model"),
        ("[models.first]", "[models.'../first']", "is not a name"),
        ('card = "A test."', 'colour = "red"', "unknown entry 'colour'"),
        ('sha256 = "', 'sha256 = "x', "is not a SHA-256"),
        ('task = "test"\n', "", "task"),
        ('name = "small"', "name = ", "is wrong"),
        ('importer = "onnx"', 'taps = { x = "y" }\nimporter = "onnx"', "has taps"),
    ],
)
def test_a_wrong_pack_is_refused_by_what_is_wrong(
    small_pack: SmallPack, old: str, new: str, said: str
) -> None:
    small_pack.edit(old, new)
    with pytest.raises(PackError, match=said):
        small_pack.read()


def test_another_weight_gives_the_pack_another_folder(small_pack: SmallPack) -> None:
    before = small_pack.read()
    small_pack.edit(before.models["first"].sha256, "0" * 64)
    assert small_pack.read().folder_name != before.folder_name


def test_another_card_leaves_the_pack_in_its_folder(small_pack: SmallPack) -> None:
    before = small_pack.read().folder_name
    small_pack.edit("A test.", "Another card.")
    assert small_pack.read().folder_name == before
