"""Folders of labelled pictures in each format, and the manifests that are made of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.custom.lines import boxed, classified, manifest
from typer.testing import CliRunner

from regard.cli import app
from regard.custom.folders.example import Example
from regard.custom.folders.reading import FolderFormat, format_of, read_folder, split_folder
from regard.custom.manifests.entry import LabelledBox, ManifestLine
from regard.custom.manifests.reading import read_line
from regard.custom.manifests.writing import boxes_line
from regard.custom.records import DatasetType
from regard.errors import RegardError
from regard.vision.geometry import Box

SIZE = (200, 100)
CAT = LabelledBox("cat", Box(20, 10, 100, 50))
DOG = LabelledBox("dog", Box(0, 0, 40, 20))


def picture(file: Path, size: tuple[int, int] = SIZE, orientation: int = 1) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", size, (120, 60, 30)).save(file, exif=exif)
    return file


def class_folders(folder: Path) -> None:
    picture(folder / "cat" / "old" / "1.jpg")
    picture(folder / "dog" / "2.png")
    picture(folder / "3.jpg")


def coco(folder: Path) -> None:
    picture(folder / "images" / "1.jpg")
    picture(folder / "images" / "2.jpg")
    content = {
        "images": [{"id": n, "file_name": f"{n}.jpg", "width": 200, "height": 100} for n in (1, 2)],
        "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
        "annotations": [
            {"image_id": 1, "category_id": 7, "bbox": [20, 10, 100, 50]},
            {"image_id": 1, "category_id": 9, "bbox": [-10, -10, 50, 30]},
            {"image_id": 2, "category_id": 9, "bbox": [0, 0, 9, 9], "iscrowd": 1},
        ],
    }
    (folder / "annotations.json").write_text(json.dumps(content))


def yolo(folder: Path) -> None:
    picture(folder / "images" / "1.jpg")
    picture(folder / "images" / "2.jpg")
    (folder / "labels").mkdir()
    (folder / "labels" / "1.txt").write_text("0 0.35 0.35 0.5 0.5\n1 0 0 0.2 0 0.2 0.2 0 0.2\n")
    (folder / "labels" / "2.txt").write_text("")
    (folder / "data.yaml").write_text("nc: 2\nnames:\n  0: cat\n  1: 'dog'\n")


def voc(folder: Path) -> None:
    for name in ("1.jpg", "2.jpg"):
        picture(folder / "JPEGImages" / name)
    (folder / "Annotations").mkdir()
    boxes = {"1": [("cat", 21, 11, 120, 60), ("dog", 1, 1, 40, 20)], "2": []}
    for name, its in boxes.items():
        objects = "".join(
            f"<object><name>{label}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax>"
            f"<ymax>{d}</ymax></bndbox></object>"
            for label, a, b, c, d in its
        )
        size = "<size><width>200</width><height>100</height><depth>3</depth></size>"
        (folder / "Annotations" / f"{name}.xml").write_text(
            f"<annotation><filename>{name}.jpg</filename>{size}{objects}</annotation>"
        )


BOXED: dict[FolderFormat, Callable[[Path], None]] = {
    FolderFormat.COCO: coco,
    FolderFormat.YOLO: yolo,
    FolderFormat.VOC: voc,
}


def read(folder: Path) -> list[Example]:
    [part] = split_folder(folder)
    return list(read_folder(part, folder, format_of(part, folder)))


@pytest.mark.parametrize("form", BOXED)
def test_each_format_is_known_and_gives_the_same_boxes(form: FolderFormat, tmp_path: Path) -> None:
    BOXED[form](tmp_path)
    [part] = split_folder(tmp_path)
    assert format_of(part, tmp_path) is form
    first, second = read(tmp_path)
    assert (first.file.name, first.size, second.boxes) == ("1.jpg", SIZE, ())
    assert first.boxes is not None
    assert [one.label for one in first.boxes] == ["cat", "dog"]
    for found, expected in zip(first.boxes, (CAT, DOG), strict=True):
        sides = (found.box.left, found.box.top, found.box.width, found.box.height)
        box = expected.box
        assert sides == pytest.approx((box.left, box.top, box.width, box.height), abs=1e-6)


def test_the_label_of_a_picture_is_its_first_folder(tmp_path: Path) -> None:
    class_folders(tmp_path)
    assert [(one.file.name, one.labels) for one in read(tmp_path)] == [
        ("3.jpg", ()),
        ("1.jpg", ("cat",)),
        ("2.png", ("dog",)),
    ]


def test_fractions_are_of_the_picture_as_it_is_shown(tmp_path: Path) -> None:
    yolo(tmp_path)
    picture(tmp_path / "images" / "1.jpg", (100, 200), orientation=6)
    first = read(tmp_path)[0]
    assert first.size == (200, 100)
    assert first.boxes is not None
    assert (first.boxes[0].box.left, first.boxes[0].box.width) == pytest.approx((20, 100))


@pytest.mark.parametrize(
    "text",
    [
        "names: ['cat', 'dog']",
        "names: [cat,\n dog]",
        "names:\n- cat\n- dog\nnc: 2",
        "names:\n  0: cat\n  1: dog",
    ],
)
def test_names_are_read_in_every_form_that_tools_write(text: str, tmp_path: Path) -> None:
    yolo(tmp_path)
    (tmp_path / "data.yaml").write_text(text)
    boxes = read(tmp_path)[0].boxes
    assert boxes is not None
    assert [one.label for one in boxes] == ["cat", "dog"]


def test_a_class_that_is_called_train_is_a_class(tmp_path: Path) -> None:
    for name in ("train", "bus"):
        picture(tmp_path / name / "1.jpg")
    assert [one.labels for one in read(tmp_path)] == [("bus",), ("train",)]


@pytest.mark.parametrize("root", [".", "images"])
def test_parts_to_train_on_and_to_test_on_are_told_by_their_names(root: str, tmp_path: Path) -> None:
    for name in ("train", "valid"):
        picture(tmp_path / root / name / "1.jpg")
    assert [(one.type, one.folder.name) for one in split_folder(tmp_path)] == [
        (DatasetType.TRAIN, "train"),
        (DatasetType.TEST, "valid"),
    ]


BREAKS: list[tuple[Callable[[Path], None], str, str, str]] = [
    (yolo, "labels/1.txt", "7 0.5 0.5 0.1 0.1", "no box of a class"),
    (yolo, "labels/1.txt", "0 0.5", "neither a box nor a polygon"),
    (yolo, "data.yaml", "nc: 2", "no list of names"),
    (voc, "Annotations/1.xml", "<annotation><size>", "no XML"),
    (voc, "Annotations/1.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', "DOCTYPE"),
    (voc, "Annotations/1.xml", "<annotation><filename>1.jpg</filename></annotation>", "size/width"),
    (voc, "Annotations/9.xml", "<annotation><filename>9.jpg</filename></annotation>", "not in"),
    (coco, "annotations.json", '{"images": [{}], "annotations": [], "categories": []}', "no COCO file"),
    (coco, "other.json", '{"images": [], "annotations": [], "categories": []}', "several COCO files"),
    (
        coco,
        "annotations.json",
        '{"images": [{"id": 1, "file_name": "../../secret", "width": 1, "height": 1}], "annotations": [],'
        ' "categories": []}',
        "not in",
    ),
]


@pytest.mark.parametrize(("make", "file", "text", "why"), BREAKS)
def test_what_can_not_be_read_is_named(
    make: Callable[[Path], None], file: str, text: str, why: str, tmp_path: Path
) -> None:
    make(tmp_path)
    (tmp_path / file).write_text(text)
    with pytest.raises(RegardError, match=why):
        read(tmp_path)


def test_the_lines_of_boxes_are_ones_that_training_takes() -> None:
    boxes = [LabelledBox("cat", Box(199.996 - n, 0.004, n + 0.004, 99.996)) for n in range(2, 60)]
    found = read_line(boxes_line("s3://pets/1.jpg", boxes, SIZE, "2026-03-06T17:46:39"), 1)
    assert isinstance(found, ManifestLine)
    assert found.faults == ()
    assert len(found.entry.boxes) == 50


# --- The commands ---


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["custom", *arguments])


def imported(tmp_path: Path, bucket: str, *more: str) -> dict[str, str]:
    done = run(
        *("import", str(tmp_path / "pets"), "--project", "pets", "--bucket", bucket, "--json"),
        *("--data", str(tmp_path / "data"), *more),
    )
    assert done.exit_code == 0, done.output
    arns: dict[str, str] = json.loads(done.output)
    return arns


def test_pictures_in_the_bucket_s_folder_stay_there(tmp_path: Path) -> None:
    class_folders(tmp_path / "pets")
    arns = imported(tmp_path, f"pets={tmp_path / 'pets'}")
    assert arns.keys() == {"Project", "Train"}
    lines = [json.loads(one) for one in (tmp_path / "pets" / "pets-train.manifest").read_text().splitlines()]
    assert [one["source-ref"] for one in lines] == [
        "s3://pets/3.jpg",
        "s3://pets/cat/old/1.jpg",
        "s3://pets/dog/2.png",
    ]


def test_pictures_elsewhere_are_copied_into_the_bucket_and_a_fifth_tests(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        for number in range(5):
            picture(tmp_path / "pets" / label / f"{number}.jpg")
    (tmp_path / "bucket").mkdir()
    arns = imported(tmp_path, f"store={tmp_path / 'bucket'}", "--distribute")
    assert arns.keys() == {"Project", "Train", "Test"}
    copied = sorted(one.name for one in (tmp_path / "bucket" / "pets" / "cat").iterdir())
    assert copied == [f"{number}.jpg" for number in range(5)]
    again = run(
        *("import", str(tmp_path / "pets"), "--project", "pets"),
        *("--bucket", f"store={tmp_path / 'bucket'}", "--data", str(tmp_path / "data")),
    )
    assert again.exit_code != 0
    assert "already has a TRAIN dataset" in str(again.exception)


def test_a_manifest_is_checked_without_a_service(tmp_path: Path) -> None:
    file = tmp_path / "pets.manifest"
    bad = boxed("2.jpg", ("cat", -1, 0, 64, 48), ("cat", 0, 0, 64, 48))
    one = classified("1.jpg", "cat")
    file.write_bytes(manifest(one, bad, "nonsense", one, classified("3.jpg")))
    done = run("check", str(file), "--json")
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert [(one["line"], one["place"], one["code"]) for one in found["faults"]] == [
        (2, "bounding-box.annotations[0]", "ERROR_INVALID_BOUNDING_BOX"),
        (3, "", "ERROR_INVALID_JSON_LINE"),
        (4, "", "ERROR_DUPLICATE_SOURCE_REF"),
        (5, "", "WARNING_UNANNOTATED_RECORD"),
    ]
    counts = {name: found[name] for name in ("lines", "usable", "unlabelled", "invalid", "useless")}
    assert counts == {"lines": 5, "usable": 2, "unlabelled": 1, "invalid": 0, "useless": 2}
    told = run("check", str(file))
    assert "line 3: ERROR_INVALID_JSON_LINE The JSON Line has an invalid format." in told.output


def test_a_manifest_without_an_error_passes(tmp_path: Path) -> None:
    file = tmp_path / "pets.manifest"
    file.write_bytes(manifest(classified("1.jpg", "cat"), classified("2.jpg")))
    assert run("check", str(file)).exit_code == 0
    file.write_bytes(manifest(classified("1.jpg", "cat"), classified("2.jpg", "cat", bucket="other")))
    done = run("check", str(file))
    assert done.exit_code == 1
    assert "The manifest file contains images from multiple S3 buckets." in done.output
