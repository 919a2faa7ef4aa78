"""The report of a training as a page."""

from __future__ import annotations

import re

from regard.presentation.training.report import (
    ConfusionCell,
    LabelResult,
    ReportPicture,
    TrainingReport,
    training_page,
)
from regard.vision.custom.curves import ThresholdCurve
from regard.vision.custom.rates import Retrieval

PICTURE = ReportPicture("s3://b/<cat>.jpg", "data:image/jpeg;base64,AAAA", ("cat",), (("dog", 0.75),))


def page(*cells: ConfusionCell, curve: ThresholdCurve | None = None) -> str:
    labels = [LabelResult(name, Retrieval(8, 1, 2), 30, 10, 0.5, False, curve) for name in ("cat", "<dog>")]
    report = TrainingReport(
        project="pets",
        version="v1",
        arn="arn",
        f1=0.84,
        training=60,
        testing=20,
        unusable=0,
        labels=labels,
        cells=cells,
        mistakes=[PICTURE],
        mistaken=1,
        doubts=[],
        doubted=0,
    )
    return training_page(report)


def test_a_number_of_the_matrix_opens_its_pictures_without_network_or_script() -> None:
    shown = page(ConfusionCell("cat", "<dog>", 1, [PICTURE]), ConfusionCell("cat", "cat", 8, []))
    assert '<a href="#cell-0">1</a>' in shown
    assert '<section id="cell-0">' in shown
    assert "cat taken for &lt;dog&gt;" in shown
    assert "http" not in shown
    assert "<script" not in shown


def test_what_people_wrote_is_text() -> None:
    assert "s3://b/&lt;cat&gt;.jpg" in page()


def test_boxes_have_no_matrix() -> None:
    assert "What was taken for what" not in page()


def test_each_label_has_its_curve_which_ends_where_nothing_is_given_any_more() -> None:
    curve = ThresholdCurve(tuple(0.5 if place < 61 else None for place in range(101)), (0.25,) * 101)
    shown = page(curve=curve)
    assert shown.count("<svg") == 2
    assert "From 50 % on: precision 50 %, recall 25 %." in shown.replace("\xa0", " ")
    (precision,) = set(re.findall(r'<polyline points="([^"]*)"/>', shown))
    assert len(precision.split()) == 61
    assert page().count("<svg") == 0
