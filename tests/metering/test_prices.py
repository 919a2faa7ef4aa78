"""Bills by the price lists, against what was paid and what AWS's own example says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from regard.metering.bill import MonthlyUsage, price
from regard.metering.prices import (
    PriceList,
    PriceListError,
    builtin_price_lists,
    chosen_price_list,
    find_price_list,
    joined,
    read_price_list,
)
from regard.metering.usage import UsageSum

SEED, AWS = find_price_list("seed"), find_price_list("aws-us-east-1-2026")
LATER = 12  # the month after the free ones
GOOD = """
currency = "EUR"
region = "here"
date = "2026"
source = "ours"
[[meters]]
name = "Minutes"
units = ["video_ms"]
of = 60000
round_up = true
tiers = [{ price = "0.02" }]
"""


def cost(prices: PriceList, month: int, **counted: int) -> Decimal:
    return sum((one.cost for one in prices.charges(counted, month=month)), Decimal(0))


def test_washington_county_enrolled_its_mugshots_for_295_dollars() -> None:
    """The newspapers told of $400, and $6 a month: in kind."""
    assert cost(SEED, 0, image_1=300_000) == 295
    assert cost(SEED, LATER, vector_months=300_000) == 3
    assert cost(SEED, 0, image_1=20 * 30) == 0
    assert cost(SEED, LATER, image_1=20 * 30) == Decimal("0.60")


def test_two_and_a_half_million_images_cost_what_aws_says() -> None:
    assert cost(AWS, LATER, image_2=2_500_000) == 2200
    assert cost(SEED, LATER, image_2=2_500_000) == 2200


def test_each_group_of_images_has_tiers_of_its_own() -> None:
    assert cost(AWS, LATER, image_1=1_000_000, image_2=1_000_000) == 2000
    assert cost(SEED, LATER, image_1=1_000_000, image_2=1_000_000) == 1800


def test_video_is_billed_by_the_minute_and_segments_at_half() -> None:
    assert cost(AWS, LATER, video_ms=90_000, segment_ms=90_000) == Decimal("0.15") + Decimal("0.075")


def test_live_video_is_billed_by_the_minute_by_what_is_found() -> None:
    assert cost(AWS, LATER, stream_ms=90_000, stream_label_ms=120_000) == Decimal("0.18") + Decimal("0.01634")


@pytest.mark.parametrize("name", builtin_price_lists())
def test_every_tier_s_price_holds_to_its_end(name: str) -> None:
    for meter in find_price_list(name).meters:
        for tier, following in zip(meter.tiers, meter.tiers[1:], strict=False):
            assert tier.to is not None
            step = [
                meter.charge({meter.units[0]: (tier.to + n) * meter.of}, month=LATER).cost for n in (-1, 0, 1)
            ]
            assert step[1] - step[0] == tier.price / meter.per
            assert step[2] - step[1] == following.price / meter.per


def test_a_price_that_no_source_states_marks_the_total_that_used_it() -> None:
    def is_unverified(month: int, **counted: int) -> bool:
        return any(one.unverified for one in AWS.charges(counted, month=month))

    assert not is_unverified(LATER, image_1=35_000_000)
    assert is_unverified(LATER, image_1=35_000_001)
    assert is_unverified(0, image_1=1)  # free, by one page of several
    assert not is_unverified(LATER, image_1=1)


def test_months_are_billed_one_by_one() -> None:
    charges = joined([SEED.charges({"image_1": 1_000_000}, month=LATER) for _ in range(2)])
    assert charges[0].cost == 2000


def test_rows_share_a_charge_by_their_units() -> None:
    rows = [
        UsageSum("a", {"image_1": 300_000, "requests": 1}),
        UsageSum("b", {"image_1": 100_000, "video_ms": 60_000}),
    ]
    month = MonthlyUsage(1_793_491_200_000, 720, rows, {"a": (720_000, 0)}, has_stored_rows=True)
    bill = price([month], SEED, beginning=1_700_000_000_000)
    assert [(row.name, row.cost) for row in bill.rows] == [
        ("a", Decimal(300) + Decimal("0.01")),
        ("b", Decimal(100) + Decimal("0.10")),
    ]
    assert bill.cost == Decimal("400.11")


def test_free_months_are_counted_from_the_account_s_first() -> None:
    month = MonthlyUsage(1_793_491_200_000, 720, [UsageSum("a", {"image_1": 5000})], {})
    assert price([month], SEED, beginning=1_762_300_000_000).cost == 5  # since November 2025
    assert price([month], SEED, beginning=1_765_000_000_000).cost == 0  # since December


def test_a_file_is_a_price_list_too(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(GOOD)
    ours = chosen_price_list(str(file))
    assert ours is not None
    assert (ours.name, ours.currency) == ("ours", "EUR")
    assert cost(ours, 0, video_ms=61_000) == Decimal("0.04")


@pytest.mark.parametrize(
    ("instead", "of", "told"),
    [
        ("nonsense", GOOD, "is no TOML"),
        ("colour = 1\n[[meters]]", "[[meters]]", "colour"),
        ("[[meters]]\ncolour = 1", "[[meters]]", "there is no entry 'colour'"),
        ("", 'currency = "EUR"', "currency"),
        ('units = ["photos"]', 'units = ["video_ms"]', "the unit 'photos', which is unknown"),
        ("of = 0", "of = 60000", "divides by none"),
        ('"-1"', '"0.02"', "below zero"),
        ('"free"', '"0.02"', "is wrong"),
        ('{ to = 5, price = "0.02" }', '{ price = "0.02" }', "the last must have no end"),
        ("", 'tiers = [{ price = "0.02" }]', "tiers"),
    ],
)
def test_a_wrong_price_list_is_named_with_what_is_wrong(
    tmp_path: Path, instead: str, of: str, told: str
) -> None:
    file = tmp_path / "wrong.toml"
    assert of in GOOD
    file.write_text(GOOD.replace(of, instead))
    with pytest.raises(PriceListError, match=f"^The price list wrong.toml .*{told}"):
        read_price_list(file)
