"""Reports are pages that stand alone, whatever files and groups are called."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.evaluation import made

from regard.evaluation.bias import audit_bias
from regard.evaluation.intervals import Rate
from regard.evaluation.watchlist import audit_watchlist
from regard.presentation.audits.bias_page import bias_page
from regard.presentation.audits.plots import RatePlot, rate_plot
from regard.presentation.audits.record import bias_record
from regard.presentation.audits.watchlist_page import watchlist_page
from regard.presentation.numbers import digits, per_million, percent, span, times

NASTY = '<script>alert("&")</script>'


@pytest.fixture(scope="module")
def pages() -> list[str]:
    samples = [
        made.sample(f"{NASTY}{number}", f"{number // 2}", {NASTY: NASTY * (number % 2 + 1)})
        for number in range(20)
    ]
    rows = [made.at(number // 4 * 0.1, 0) for number in range(20)]
    data, faces = made.dataset(samples), made.faces(samples, [*rows[:-1], None])
    return [bias_page(audit_bias(data, faces)), watchlist_page(audit_watchlist((data, faces), (data, faces)))]


def test_names_are_text_and_never_markup(pages: list[str]) -> None:
    for page in pages:
        assert "<script" not in page.lower()
        assert NASTY in unescape(page)


def test_nothing_is_fetched(pages: list[str]) -> None:
    for page in pages:
        assert re.findall(r"(?:src|href|url\(|@import|https?:)", page) == []


def test_pages_are_well_formed(pages: list[str]) -> None:
    for page in pages:
        body = page.replace("<!doctype html>", "").replace("&nbsp;", " ")
        ElementTree.fromstring(re.sub(r"(<meta[^>]*)>", r"\1/>", body))  # noqa: S314


def test_an_axis_is_logarithmic() -> None:
    rates = {str(size): Rate.counted(1000, size) for size in (10**4, 10**5, 10**6)}
    first, second, third = places(rate_plot("", "", rates, per_million))
    assert first - second == pytest.approx(second - third, abs=0.2)
    assert first > second


def test_a_rate_of_zero_is_marked_and_stands_at_the_left_edge() -> None:
    plot = rate_plot("", "", {"a": Rate.counted(0, 1000), "b": Rate.counted(100, 1000)}, per_million)
    assert plot is not None
    assert [bar.is_zero for bar in plot.bars] == [True, False]
    assert min(places(plot)) == places(plot)[0] == plot.left


def test_a_group_without_a_rate_is_said_to_have_none() -> None:
    plot = rate_plot("", "", {"a": None, "b": Rate.counted(1, 10)}, percent)
    assert plot is not None
    assert plot.bars[0].value == "not enough pictures"
    assert rate_plot("", "", {"a": None}, percent) is None


def places(plot: RatePlot | None) -> list[float]:
    assert plot is not None
    return [bar.x for bar in plot.bars if bar.x is not None]


@pytest.mark.parametrize("power", range(-9, 1))
def test_every_rate_can_be_drawn(power: int) -> None:
    rate = Rate.of(10.0**power, events=3, trials=10**9, effective=10 / 10.0**power)
    plot = rate_plot("", "", {"a": rate, "b": Rate.counted(0, 10)}, per_million)
    assert plot is not None
    for bar in plot.bars:
        for place in (bar.low, bar.x, bar.high):
            assert np.isfinite(place)
            assert 0 <= place <= plot.width


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.0126, "0.013"),
        (1.26, "1.3"),
        (126, "130"),
        (12_600, "13,000"),
        (0.999, "1.0"),
        (99.7, "100"),
    ],
)
def test_numbers_have_two_digits(number: float, text: str) -> None:
    assert digits(number) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.00042, "0.042 %"),
        (0.042, "4.2 %"),
        (0.42, "42 %"),
        (0.996, "99.6 %"),
        (0.99999, "> 99.9 %"),
        (1, "100 %"),
    ],
)
def test_shares_are_percentages(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_bound_of_hardly_anything_is_zero() -> None:
    assert span(1e-4, 1e-22, 3e-4, per_million) == "100 (0–300)"
    assert span(0.5, 0.25, 0.75, percent) == "50 % (25–75 %)"
    assert times(1.04) == "1.04 times"


def test_a_record_keeps_the_names_that_it_is_read_by() -> None:
    samples = [made.sample(f"{number}", f"{number // 2}", {"group": "ab"[number % 2]}) for number in range(8)]
    data, faces = made.dataset(samples), made.faces(samples, [made.at(0, 0) for _ in samples])
    record = bias_record(audit_bias(data, faces))
    assert "similarity" in record["most_alike"][0]
    assert {"worse", "better", "ratio", "at_least", "real"} <= set(record["comparisons"][0])
