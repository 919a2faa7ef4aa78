"""A face that the frame cuts is found the way up that it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.mtcnn import FaceCandidates, Mtcnn
from regard.vision.faces.pose import eye_rolls
from regard.vision.faces.righting import CLEAR, righted
from regard.vision.image import Image, decode_image
from regard.vision.pixels import Copies
from regard.vision.session import SessionPool
from tests.vision.conftest import turned

SHARES = (0.2, 0.26, 0.33)  # of the face's side that is cut off


def apart(one: float, other: float) -> float:
    """Between two rolls, in degrees."""
    return abs((one - other + 180) % 360 - 180)


def cuts(image: Image, face: Face) -> Iterator[Image]:
    """The picture, cut at each edge through its face."""
    box, pixels = face.box, image.pixels
    for share in SHARES:
        across, down = share * box.width, share * box.height
        left, right = round(box.left + across), round(box.left + box.width - across)
        top, bottom = round(box.top + down), round(box.top + box.height - down)
        for part in (pixels[:, left:], pixels[:, :right], pixels[top:], pixels[:bottom]):
            yield Image(np.ascontiguousarray(part), "")


@pytest.fixture(scope="module")
def hopper(other_portrait: Path) -> Image:
    return decode_image(other_portrait.read_bytes())


@pytest.mark.parametrize("rows", [309, 310, 312])
def test_a_chin_at_the_lower_edge_does_not_turn_the_face(
    analyzer: FaceAnalyzer, hopper: Image, rows: int
) -> None:
    (face,) = analyzer.detect(Image(np.ascontiguousarray(hopper.pixels[:rows]), ""))
    assert abs(face.pose.roll) < 15


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
@pytest.mark.parametrize("degrees", [0, 90, -90])
def test_a_cut_face_is_found_the_way_up_it_is(
    analyzer: FaceAnalyzer, request: pytest.FixtureRequest, name: str, degrees: float
) -> None:
    image = request.getfixturevalue(name)
    (whole,) = analyzer.detect(image)
    for cut in cuts(image, whole):
        picture, _ = turned(cut, degrees)
        face = analyzer.detect(picture)[0]
        assert apart(face.pose.roll, whole.pose.roll + degrees) < 45


def test_a_sure_upright_face_is_left_as_it_is(sessions: SessionPool, astronaut: Image) -> None:
    mtcnn, copies = Mtcnn(sessions), Copies(astronaut.pixels)
    found, _ = mtcnn.detect(copies, 40)
    assert found.logits.max() > CLEAR
    assert righted(mtcnn, copies, found) is found


@pytest.fixture
def inverted(sessions: SessionPool, astronaut: Image) -> FaceCandidates:
    """A face whose landmarks are where they would be if it stood on its head."""
    found = FaceDetector(sessions).detect(astronaut.pixels)
    middle = found.landmarks.mean(1, keepdims=True)
    return FaceCandidates(found.boxes, found.logits, 2 * middle - found.landmarks)


def test_a_face_taken_for_one_upside_down_is_righted(
    sessions: SessionPool, astronaut: Image, inverted: FaceCandidates
) -> None:
    copies = Copies(astronaut.pixels)
    assert apart(float(np.degrees(eye_rolls(inverted.landmarks)[0])), 180) < 15
    result = righted(Mtcnn(sessions), copies, inverted)
    assert abs(float(np.degrees(eye_rolls(result.landmarks)[0]))) < 15
    assert result.logits == inverted.logits


def test_a_settled_face_is_not_examined_again(
    sessions: SessionPool, astronaut: Image, inverted: FaceCandidates
) -> None:
    copies = Copies(astronaut.pixels)
    assert righted(Mtcnn(sessions), copies, inverted, settled=inverted) is inverted
    others = FaceCandidates(inverted.boxes, inverted.logits, inverted.landmarks + 1)
    assert righted(Mtcnn(sessions), copies, inverted, settled=others) is not inverted
