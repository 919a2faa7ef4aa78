"""The main job on real photos of many people: enrol some, find them again in others, and nobody else."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

import regard
from regard.packs.install import InstalledPack
from regard.vision.geometry import Box, corners, iou

PEOPLE = 60
SIDES = ("Left", "Top", "Width", "Height")


@pytest.fixture(scope="module")
def client(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return regard.client(tmp_path_factory.mktemp("acceptance") / "data")


@pytest.fixture(scope="module")
def people(shared_data: Path) -> list[list[Path]]:
    """Photos of people of whom there are two or more, and of as many who have only one."""
    folders = sorted(path for path in (shared_data / "lfw").iterdir() if path.is_dir())
    photos = [sorted(folder.glob("*.jpg")) for folder in folders]
    several = [some for some in photos if len(some) > 1]
    single = [some for some in photos if len(some) == 1]
    chance = random.Random(5)
    return chance.sample(several, PEOPLE) + chance.sample(single, PEOPLE)


@pytest.fixture(scope="module")
def gallery(client: Any, people: list[list[Path]]) -> str:
    client.create_collection(CollectionId="lfw")
    for photos in people[:PEOPLE]:
        client.index_faces(
            CollectionId="lfw",
            Image={"Bytes": photos[0].read_bytes()},
            ExternalImageId=photos[0].parent.name,
            MaxFaces=1,
        )
    return "lfw"


def best(client: Any, gallery: str, photo: Path) -> tuple[str | None, float]:
    matches = client.search_faces_by_image(
        CollectionId=gallery, Image={"Bytes": photo.read_bytes()}, MaxFaces=1
    )["FaceMatches"]
    if not matches:
        return None, 0.0
    return matches[0]["Face"]["ExternalImageId"], matches[0]["Similarity"]


def test_most_people_are_found_in_another_photo(client: Any, gallery: str, people: list[list[Path]]) -> None:
    found = sum(best(client, gallery, photos[1])[0] == photos[1].parent.name for photos in people[:PEOPLE])
    assert found / PEOPLE > 0.75


def test_nobody_else_is_taken_for_them(client: Any, gallery: str, people: list[list[Path]]) -> None:
    strangers = [best(client, gallery, photos[0])[1] for photos in people[PEOPLE:]]
    assert sum(similarity >= 99 for similarity in strangers) == 0
    assert sum(similarity >= 80 for similarity in strangers) <= 2


def test_faces_of_group_photos_are_found(client: Any, shared_data: Path) -> None:
    hits = total = surplus = 0
    for photo, labelled in labelled_photos(shared_data / "dlib" / "faces"):
        found = client.detect_faces(Image={"Bytes": photo.read_bytes()})["FaceDetails"]
        boxes = [Box(**{side.lower(): face["BoundingBox"][side] for side in SIDES}) for face in found]
        free = list(labelled)
        for box in boxes:
            alike = iou(corners([box]), corners(free))[0] if free else np.zeros(0)
            if alike.max(initial=0) >= 0.3:
                free.pop(int(alike.argmax()))
        hits += len(labelled) - len(free)
        total += len(labelled)
        surplus += len(boxes) - (len(labelled) - len(free))
    assert hits / total > 0.9
    assert surplus <= 0.2 * total  # not every small face in the background is labelled


def labelled_photos(folder: Path) -> Iterator[tuple[Path, list[Box]]]:
    """dlib's group photos with their faces, as fractions of the photo."""
    for image in ElementTree.parse(folder / "testing.xml").getroot().iter("image"):  # noqa: S314 - our own data
        photo = folder / image.attrib["file"]
        with Picture.open(photo) as opened:
            width, height = opened.size
        sides = [
            {side: float(box.attrib[side]) for side in map(str.lower, SIDES)} for box in image.iter("box")
        ]
        yield (
            photo,
            [
                Box(box["left"] / width, box["top"] / height, box["width"] / width, box["height"] / height)
                for box in sides
            ],
        )
