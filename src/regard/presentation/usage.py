"""What was used and what it would have cost, as tables, CSV and sentences."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from regard.presentation.tables import Header, Table, broken, numbers, whole

_MINUTE = 60_000  # milliseconds
_COUNTS = {
    "ImagesOfGroup1": "Group 1",
    "ImagesOfGroup2": "Group 2",
    "ImageProperties": "Properties",
    "VideoMilliseconds": "Video, min",
    "SegmentMilliseconds": "Segments, min",
    "TrainingMilliseconds": "Training, min",
    "InferenceMilliseconds": "Models, min",
    "Requests": "Requests",
    "Refused": "Refused",
    "Errors": "Errors",
}
_LONG = ("collection", "case")  # names that may be longer than a line
_UNVERIFIED = "unverified"


def usage_table(answer: Mapping[str, Any]) -> Table:
    """The rows of GetUsage's answer and their total. What nobody has used has no column."""
    used = [*(row["Usage"] for row in answer["Rows"]), answer["Total"]]
    shown = [name for name in _COUNTS if name == "Requests" or any(one[name] for one in used)]
    priced = "Prices" in answer
    named = broken if answer["By"] in _LONG else whole
    headers = [*named(answer["By"].capitalize()), *numbers(*(_COUNTS[name] for name in shown))]
    if priced:
        headers += numbers(f"Cost, {answer['Prices']['Currency']}")
    rows = [
        [row["Name"] or "–", *_counts(row["Usage"], shown), *([_money(row["Cost"])] if priced else [])]
        for row in answer["Rows"]
    ]
    total = ["Total", *_counts(answer["Total"], shown)]
    return Table(headers, [*rows, [*total, *([_money(answer["Prices"]["Cost"])] if priced else [])]])


def quota_table(quotas: Sequence[Mapping[str, Any]]) -> Table:
    """What each holder may use, and has used this month."""
    headers = [*whole("Holder"), *numbers("Requests/s", "Images", "Video, min", "Money", "Faces")]
    rows = [
        [
            one["Holder"],
            str(one.get("RequestsPerSecond", "–")),
            _of(one, "ImagesUsed", "ImagesPerMonth"),
            _of(one, "VideoMinutesUsed", "VideoMinutesPerMonth"),
            _of(one, "MoneyUsed", "MoneyPerMonth", digits=2),
            _of(one, "FacesUsed", "FacesStored"),
        ]
        for one in quotas
    ]
    return Table(headers, rows)


def _of(quota: Mapping[str, Any], used: str, amount: str, *, digits: int = 0) -> str:
    return f"{quota[used]:,.{digits}f} of {quota[amount]:,.{digits}f}" if amount in quota else "–"


def charges_table(prices: Mapping[str, Any]) -> Table:
    """The lines of the bill, and their sum; a price that no source states is marked."""
    headers = [Header("Charge"), *numbers("Quantity", "Free", f"Cost, {prices['Currency']}"), Header("")]
    rows = [
        [
            one["Meter"],
            f"{one['Quantity']:,.6g}" if one["Quantity"] < 1 else f"{one['Quantity']:,.0f}",
            f"{one['Free']:,.0f}",
            _money(one["Cost"]),
            _UNVERIFIED if one["Unverified"] else "",
        ]
        for one in prices["Charges"]
        if one["Quantity"]
    ]
    sum_of_all = ["Total", "", "", _money(prices["Cost"]), _UNVERIFIED if prices["Unverified"] else ""]
    return Table(headers, [*rows, sum_of_all])


def usage_sentences(answer: Mapping[str, Any]) -> list[str]:
    """What the tables don't say: by which prices, what is stored, and what it cost here."""
    sentences = []
    if "Prices" in answer:
        prices = answer["Prices"]
        sentences.append(
            f"By the price list {prices['Name']} ({prices['Region']}, {prices['Date']}): {prices['Source']}."
        )
    stored = answer["Total"].get("FaceHours", 0), answer["Total"].get("UserHours", 0)
    if any(stored):
        sentences.append(f"Stored: {stored[0]:,} face hours, {stored[1]:,} user hours.")
    if "CostHere" in answer:
        here = answer["CostHere"]
        images = here.get("CostPerThousandImages")
        each = "" if images is None else f", {_money(images)} per 1,000 images"
        sentences.append(
            f"Here: {_money(here['Cost'])} for {here['Hours']:,.1f} hours at {here['CostHour']:g}{each}."
        )
    return sentences


def usage_csv(answer: Mapping[str, Any]) -> str:
    """A line for each row, with numbers as the API has them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [*_COUNTS, "WorkMilliseconds"]
    priced = "Prices" in answer
    writer.writerow([answer["By"], *names, *(["Cost"] if priced else [])])
    for row in answer["Rows"]:
        usage = row["Usage"]
        writer.writerow([row["Name"], *(usage[name] for name in names), *([row["Cost"]] if priced else [])])
    return out.getvalue()


def _counts(usage: Mapping[str, int], shown: list[str]) -> list[str]:
    return [
        f"{usage[name] / _MINUTE:,.1f}" if name.endswith("Milliseconds") else f"{usage[name]:,}"
        for name in shown
    ]


def _money(amount: float) -> str:
    """To the cent; what is less than ten cents to a hundredth of one."""
    return f"{amount:,.4f}" if 0 < amount < 0.1 else f"{amount:,.2f}"
