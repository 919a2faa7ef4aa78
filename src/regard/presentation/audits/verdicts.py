"""What an audit tells, in plain sentences, and when it tells nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from regard.evaluation.bias import BiasAudit, Column
from regard.evaluation.comparing import Comparison, GroupRates, compare, group_rates, needed
from regard.evaluation.intervals import CONFIDENCE, Rate, student
from regard.evaluation.watchlist import Share, WatchlistAudit
from regard.presentation.numbers import digits, per_million, percent, times

_REAL = "a real difference."  # how a sentence ends that says so
_FEW = 30  # people: a group with fewer is not compared, unless a difference shows in spite of that
_MANY = 1_000_000  # degrees of freedom, where Student's t is normal


@dataclass(frozen=True, slots=True)
class _Words:
    """What a rate is called, how it is shown, and what is said where it is zero."""

    rate: str
    never: str
    show: Callable[[float], str] = percent
    unit: str = ""


_WORDS = {
    "false_match": _Words(
        "false match rate", "no two people are taken for one", per_million, " per million pairs"
    ),
    "false_non_match": _Words("false non-match rate", "nobody is missed"),
    "not_found": _Words("share of pictures where no face is found", "a face is found in every picture"),
    "gender_error": _Words("share of faces whose gender is read wrongly", "every gender is read rightly"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A sentence, and whether it tells of a difference that is real."""

    sentence: str
    is_real: bool


def ranked(sentences: Iterable[str]) -> list[Verdict]:
    """The sentences of an audit, those of real differences first."""
    verdicts = (Verdict(sentence, sentence.endswith(_REAL)) for sentence in sentences)
    return sorted(verdicts, key=lambda one: not one.is_real)


def bias_verdicts(audit: BiasAudit) -> dict[str, list[str]]:
    """Sentences by column."""
    return {column.name: _of_column(column, audit.thresholds) for column in audit.columns}


def _of_column(column: Column, thresholds: tuple[float, ...]) -> list[str]:
    if len(column.groups) < 2:
        return [f"All pictures are of one group of {column.name}: there is nothing to compare."]
    said = [
        f"{group.name} has {'one person' if group.people else 'nobody'}: there are no strangers to compare."
        for group in column.groups
        if group.people < 2
    ]
    small = [group.name for group in column.groups if 2 <= group.people < _FEW]
    if small:
        said.append(f"Of fewer than {_FEW} people, too few to say much of them: {', '.join(small)}.")
    if all(rate is None for group in column.groups for rate in group.false_non_match.values()):
        said.append("Nobody has two pictures: how often a person is missed can't be told.")
    sizes = {group.name: group.people for group in column.groups}
    return said + [_judge(compared, sizes) for compared in group_rates(column, thresholds)] + _ages(column)


def _judge(compared: GroupRates, people: dict[str, int]) -> str:
    """That there is a difference, or that none can be told and what it would take."""
    at = "" if compared.threshold is None else f"At {compared.threshold:g} %, "
    words, found = _WORDS[compared.measure], compared.comparison
    if found is not None and found.is_real:
        return _sentence(f"{at}the {words.rate} of {_apart(found, compared.rates, words)}: {_REAL}")
    large = {name: rate for name, rate in compared.rates.items() if people[name] >= _FEW}
    rates = large if len(large) > 1 else compared.rates
    found = compare(rates)
    if found is None:
        highest = max(rate.high for rate in rates.values())
        return _sentence(
            f"{at}{words.never}; with 95 % confidence the {words.rate} is at most "
            f"{words.show(highest)}{words.unit} in every group."
        )
    worse, better = rates[found.worse], rates[found.better]
    if found.worse == found.better:
        rate = f"{words.show(worse.value)}{words.unit}"
        return _sentence(f"{at}no difference is seen in the {words.rate}: {rate} in every group.")
    seen = f"{found.better} {words.show(better.value)}, {found.worse} {words.show(worse.value)}{words.unit}"
    more = needed(worse, better)
    if more is None:
        return _sentence(f"{at}no difference is seen in the {words.rate}: {seen}.")
    # Pairs of people grow with the square of the people.
    grown = math.sqrt(more) if compared.measure == "false_match" else more
    count = digits(grown * min(people[found.worse], people[found.better]))
    return _sentence(
        f"{at}too little data to tell whether the {words.rate} differs: {seen}; about {count} people a group "
        "are needed."
    )


def _apart(found: Comparison, rates: Mapping[str, Rate], words: _Words) -> str:
    """By how much, and with which rates."""
    worse, better = (words.show(rates[name].value) for name in (found.worse, found.better))
    seen = f"{worse} against {better}{words.unit}"
    sure = f"at least {times(found.ratio_bound)}"
    if math.isinf(found.ratio):
        return f"{found.worse} is {sure} that of {found.better}, with 95 % confidence ({seen})"
    return (
        f"{found.worse} is {times(found.ratio)} that of {found.better}, {sure} with 95 % confidence ({seen})"
    )


def _ages(column: Column) -> list[str]:
    known = {group.name: group.age_error for group in column.groups if group.age_error is not None}
    if len(known) < 2:
        return []
    worse, better = (choose(known, key=lambda name: known[name].value) for choose in (max, min))
    # The two were chosen among all, so that their intervals are wider than for two that were named before.
    pairs = len(known) * (len(known) - 1) // 2
    wider = student(_MANY, 1 - (1 - CONFIDENCE) / pairs) / student(_MANY)
    high, low = known[worse], known[better]
    apart = high.value - wider * (high.value - high.low) > low.value + wider * (low.high - low.value)
    told = f"Ages are off by {high.value:.1f} years for {worse} and by {low.value:.1f} for {better}"
    return [f"{told}: {_REAL}" if apart else f"{told}; that may be a coincidence."]


def watchlist_verdicts(audit: WatchlistAudit) -> list[str]:
    """What the test found, in sentences."""
    whom = "somebody else" if audit.identified else "somebody"
    said = []
    for threshold in audit.thresholds:
        rate = audit.everyone.wrong[threshold]
        said.append(
            f"At {threshold:g} %, {rate.events:,} of {rate.trials:,} probes match {whom} in the gallery: "
            f"{percent(rate.value)}, between {percent(rate.low)} and {percent(rate.high)} with 95 % "
            "confidence."
        )
    for column, shares in audit.columns:
        said += [told for threshold in audit.thresholds if (told := _of_shares(column, shares, threshold))]
    return said


def _of_shares(column: str, shares: tuple[Share, ...], threshold: float) -> str | None:
    found = compare({share.name: share.wrong[threshold] for share in shares})
    if found is None:
        return None
    worse = next(share for share in shares if share.name == found.worse)
    told = (
        f"At {threshold:g} %, by {column}: {worse.name} are {percent(worse.of_probes)} of the probes and "
        f"{percent(worse.of_wrong[threshold] or 0)} of those that were matched wrongly"
    )
    if found.is_real:
        sure = f"they are matched wrongly at least {times(found.ratio_bound)} as often as {found.better}"
        return f"{told}; {sure}, with 95 % confidence: {_REAL}"
    return f"{told}; that may be a coincidence."


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
