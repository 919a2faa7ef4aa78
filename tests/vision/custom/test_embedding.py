"""Features of pictures: the same alone and among others, made once a picture, of a network that is named."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from regard.packs.install import InstalledPack
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.custom.none_of_these import load_centroids
from regard.vision.features import NETWORK
from regard.vision.findings import PictureFindings
from regard.vision.models import Models
from regard.vision.session import SessionPool
from tests.contracts.test_model import Recorder
from tests.vision.custom.made import drawn, pictures


@pytest.fixture(scope="module")
def features(sessions: SessionPool) -> PictureFeatures:
    return PictureFeatures(sessions)


def test_a_picture_has_the_same_features_alone_and_among_others(features: PictureFeatures) -> None:
    images = [image for image, _ in pictures(["disc", "square"], 10)]
    every = features.read_all(iter(images))
    assert (every.shape, every.dtype) == ((20, 1280), np.float32)
    np.testing.assert_allclose(every[17], features.read(images[17]), atol=1e-4)


def test_no_pictures_have_no_features(features: PictureFeatures) -> None:
    assert features.read_all([]).shape == (0, 1280)


def test_the_digest_is_that_of_the_networks_file(
    features: PictureFeatures, installed_pack: InstalledPack
) -> None:
    assert features.digest == hashlib.sha256(installed_pack.paths()[NETWORK].read_bytes()).hexdigest()


def test_a_network_that_is_not_there_has_no_digest() -> None:
    with pytest.raises(KeyError):
        PictureFeatures(SessionPool({})).digest  # noqa: B018


def test_a_pictures_features_are_read_once(sessions: SessionPool) -> None:
    runner = Recorder(sessions)
    picture = PictureFindings(drawn("disc", 1), Models.on(runner))
    first = picture.features()
    runner.ran.clear()
    assert picture.features() is first
    assert not runner.ran


def test_averages_of_anything_else_are_of_the_network_that_is_read() -> None:
    assert load_centroids(NETWORK, 1280).shape == (32, 1280)
    assert load_centroids("another", 1280).shape == (0, 1280)
    assert load_centroids(NETWORK, 768).shape == (0, 768)
