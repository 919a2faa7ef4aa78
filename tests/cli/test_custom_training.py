"""`regard custom train` and what comes after it, in processes of their own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from tests.cli.conftest import Run
from tests.custom.adapters import lines
from tests.custom.drawn import SHAPES, draw, fill

from regard import client


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Class folders, to train on and to test on."""
    for part, count, first in (("train", 8, 0), ("test", 2, 500)):
        for shape in SHAPES:
            folder = tmp_path / "pictures" / part / shape
            folder.mkdir(parents=True)
            for number in range(count):
                (folder / f"{number}.jpg").write_bytes(draw(shape, first + number))
    return tmp_path / "pictures"


@pytest.mark.slow
def test_a_folder_becomes_a_model_that_is_tried_and_taken_away(
    regard: Run, pictures: Path, tmp_path: Path
) -> None:
    bucket = f"pictures={pictures}"
    regard("custom", "import", pictures, "--project", "shapes", "--bucket", bucket)
    trained = regard(
        "custom", "train", "shapes", "v1", "--output", "pictures/out", "--bucket", bucket, "--quiet"
    )
    assert "F1" in trained.stdout
    assert (pictures / "out" / "Report-shapes-v1.html").is_file()
    summary = json.loads(regard("custom", "evaluate", "shapes", "v1", "--bucket", bucket, "--json").stdout)
    assert summary["EvaluationDetails"]["NumberOfTestingImages"] == 6
    tried = regard(
        "custom",
        "try",
        "shapes",
        "v1",
        pictures / "test" / "stripes",
        "--min-confidence",
        "0",
        "--draw",
        "seen",
    )
    assert "stripes" in tried.stdout
    with Image.open(tmp_path / "seen" / "00001-0.jpg") as seen:
        assert max(seen.size) == 320
    told = regard("custom", "detect", "shapes", "v1", pictures / "test" / "stripes" / "0.jpg", code=1)
    assert "STOPPED" in told.stderr
    regard("custom", "export", "shapes", "v1", "shapes.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "shapes.onnx"))
    with Image.open(pictures / "test" / "stripes" / "0.jpg") as picture:
        pixels = np.asarray(picture.resize((224, 224)))[None]
    said = session.run(None, {session.get_inputs()[0].name: pixels})[0]
    assert int(said.argmax()) == sorted(SHAPES).index("stripes")


@pytest.mark.slow
def test_a_version_proposes_labels_for_pictures_without_any(
    regard: Run, pictures: Path, tmp_path: Path
) -> None:
    bucket = f"pictures={pictures}"
    for shape in SHAPES:  # beside the class folders: they wait for their labels
        (pictures / "train" / f"{shape}-alone.jpg").write_bytes(draw(shape, 900))
    regard("custom", "import", pictures, "--project", "shapes", "--bucket", bucket)
    regard("custom", "train", "shapes", "v1", "--output", "pictures/out", "--bucket", bucket, "--quiet")
    told = regard("custom", "propose", "shapes", "v1", "--min-confidence", "50", "--bucket", bucket)
    assert "3 pictures of 3 without labels have some now" in told.stdout
    again = regard("custom", "propose", "shapes", "v1", "--bucket", bucket)
    assert "0 pictures of 0" in again.stdout
    asked = client(data=tmp_path / "data")
    arns = asked.describe_projects()["ProjectDescriptions"][0]["Datasets"]
    train = next(one["DatasetArn"] for one in arns if one["DatasetType"] == "TRAIN")
    listed = asked.list_dataset_entries(DatasetArn=train, SourceRefContains="-alone")["DatasetEntries"]
    for line in map(json.loads, listed):
        named = line["regard-proposed-0-metadata"]
        assert f"/{named['class-name']}-alone.jpg" in line["source-ref"]
        assert named["human-annotated"] == "no"
    refused = regard("custom", "propose", "shapes", "v1", "--dataset", "VALIDATION", code=2)
    assert "--dataset" in refused.stderr


@pytest.mark.slow
def test_an_adapter_is_trained_judged_and_used(regard: Run, tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    fill(folder, 13)
    manifest = folder / "adapter.manifest"
    manifest.write_text("".join(json.dumps(line) + "\n" for line in lines(range(12))))
    bucket = ("--bucket", f"videos={folder}")
    trained = regard(
        *("custom", "train", "shop", "v1", "--adapter", "--threshold", "0.1", "--quiet"),
        *("--training", "videos/adapter.manifest", "--output", "videos/out", *bucket),
    )
    assert "Rekognition wants 20" in trained.stdout
    judged = regard("custom", "evaluate", "shop", "v1", *bucket).stdout
    assert "Weapons" in judged
    picture = folder / "stripes-0012.jpg"
    options = ("--min-confidence", "0.1", "--json")
    answer = json.loads(regard("moderate", picture, "--adapter", "shop/v1", *options).stdout)
    assert "Weapons" in [one["Name"] for one in answer["ModerationLabels"]]
    assert "project/shop/version/v1/" in answer["ProjectVersion"]
    assert "no adapter shop/v2" in regard("moderate", picture, "--adapter", "shop/v2", code=1).stderr
    assert "output bucket" in regard("custom", "export", "shop", "v1", "x.onnx", code=1).stderr
