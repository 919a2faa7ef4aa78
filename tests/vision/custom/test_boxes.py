"""Boxes are learned from a few pictures, found where they are, and kept in a file that anybody can run."""

from __future__ import annotations

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from regard.packs.install import InstalledPack
from regard.vision.custom import cells
from regard.vision.custom.box_evaluation import evaluate_boxes
from regard.vision.custom.box_examples import BoxExample, whole_view
from regard.vision.custom.box_file import (
    StoredBoxModel,
    read_box_model,
    write_box_model,
    write_whole_box_model,
)
from regard.vision.custom.box_model import BoxModel, find_boxes
from regard.vision.custom.boxes import BoxFit, assumed_box_thresholds, fit_boxes
from regard.vision.custom.onnx_file import Backbone, ModelFileError
from regard.vision.image import Image
from regard.vision.session import SessionPool


@pytest.fixture(scope="module")
def reader(installed_pack: InstalledPack) -> cells.CellReader:
    return cells.CellReader(SessionPool(installed_pack.paths(), derived={cells.NETWORK: cells.DERIVED}))


def drawn_example(seed: int) -> BoxExample:
    """Two discs and one ring of random colours on noise: the discs are `disc`, the ring is nobody's."""
    random = np.random.default_rng(seed)
    pixels = (random.integers(60, 190, 3) + random.normal(0, 10, (240, 320, 3))).clip(0, 255).astype(np.uint8)
    rows = []
    for number, x in enumerate((60, 160, 260)):
        y, size = int(random.integers(60, 180)), int(random.integers(22, 38))
        colour = [int(value) for value in random.choice([0, 30, 225, 255], 3)]
        cv2.circle(pixels, (x, y), size, colour, 5 if number == seed % 3 else -1, cv2.LINE_AA)
        if number != seed % 3:
            rows.append([x - size, y - size, x + size, y + size])
    boxes = np.array(rows, float) / (320, 240, 320, 240)
    return BoxExample(lambda: Image(pixels, ""), f"{seed:064x}", boxes, ("disc", "disc"))


@pytest.fixture(scope="module")
def fit(reader: cells.CellReader) -> BoxFit:
    return fit_boxes([drawn_example(seed) for seed in range(8)], reader, seed=1)


@pytest.fixture
def stored(reader: cells.CellReader) -> StoredBoxModel:
    """A model whose weights are drawn at random."""
    random = np.random.default_rng(1)
    weights, sides = (random.normal(0, 0.02, (cells.DIMENSION, width)) for width in (1, 4))
    centre, spread = random.normal(0.3, 0.2, cells.DIMENSION), random.uniform(0.5, 1, cells.DIMENSION)
    arrays = (centre, spread, weights, np.zeros(1), sides, np.full(4, 3.0))
    model = BoxModel(("disc",), *(array.astype(np.float32) for array in arrays))
    return StoredBoxModel(model, {"disc": 0.5}, Backbone("centernet", reader.digest))


@pytest.mark.slow
def test_what_was_learned_is_found_where_it_is(fit: BoxFit, reader: cells.CellReader) -> None:
    judges = [drawn_example(seed) for seed in range(100, 106)]
    found = [find_boxes(fit.model, reader, one.open()) for one in judges]
    thresholds = assumed_box_thresholds(fit, [])
    result = evaluate_boxes(fit.model.names, thresholds, [one.true for one in judges], found)
    assert result.average_precision["disc"] > 0.7
    assert result.labels["disc"].f1 > 0.7


def test_a_file_gives_the_model_back_and_says_the_same_in_onnx_runtime(
    stored: StoredBoxModel, reader: cells.CellReader, installed_pack: InstalledPack
) -> None:
    model = stored.model
    head, whole = (
        write_box_model(stored),
        write_whole_box_model(stored, installed_pack.paths()["centernet"].read_bytes()),
    )
    assert write_box_model(read_box_model(head)) == head
    assert read_box_model(whole).thresholds == {"disc": 0.5}
    for data in (head, whole):
        onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    square = whole_view(drawn_example(200).open(), np.zeros((0, 4))).square
    session = onnxruntime.InferenceSession(whole, providers=["CPUExecutionProvider"])
    confidences, sides = session.run(None, {"input": square[None].astype(np.float32)})
    read = reader.read(square)
    rows = model.standard(read.T)
    logits = rows @ model.score_weights + model.score_bias
    np.testing.assert_allclose(confidences.reshape(-1, 1), 1 / (1 + np.exp(-logits)), atol=1e-4)
    assert model.find(read).confidences[0] == pytest.approx(confidences.max(), abs=1e-4)
    expected = np.exp(rows @ model.side_weights + model.side_bias)
    np.testing.assert_allclose(sides.reshape(-1, 4), np.minimum(expected, 1024), rtol=2e-3)


def test_a_model_that_was_read_finds_the_same_to_the_last_bit(
    stored: StoredBoxModel, reader: cells.CellReader
) -> None:
    """So what was found before its file was written needn't be found again."""
    read = read_box_model(write_box_model(stored)).model
    picture = drawn_example(200).open()
    assert find_boxes(read, reader, picture) == find_boxes(stored.model, reader, picture) != []


def test_a_file_of_another_kind_or_of_other_weights_is_refused(stored: StoredBoxModel) -> None:
    data = write_box_model(stored)
    with pytest.raises(ModelFileError, match="kind"):
        read_box_model(data.replace(b'"kind": "boxes"', b'"kind": "masks"'))
    with pytest.raises(ModelFileError, match="incomplete"):
        read_box_model(data.replace(b'"labels": ["disc"]', b'"labels": ["","a"]'))


@pytest.mark.slow
def test_the_same_pictures_in_another_order_give_the_same_model(
    fit: BoxFit, reader: cells.CellReader
) -> None:
    again = fit_boxes([drawn_example(seed) for seed in reversed(range(8))], reader, seed=1)
    assert np.array_equal(again.model.score_weights, fit.model.score_weights)
    assert np.array_equal(again.model.side_weights, fit.model.side_weights)


def test_no_labels_are_refused(reader: cells.CellReader) -> None:
    nothing = BoxExample(drawn_example(1).open, "0" * 64, np.zeros((0, 4)), ())
    with pytest.raises(ValueError, match="There are 0 labels"):
        fit_boxes([nothing], reader, seed=1)


def test_another_network_has_no_cells(installed_pack: InstalledPack) -> None:
    with pytest.raises(ValueError, match="another CenterNet"):
        cells.with_cells(installed_pack.paths()["mobilenetv2"].read_bytes())
