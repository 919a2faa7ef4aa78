"""What a network against recaptures is worth: by how much its answer may move a score, and its card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from regard.evaluation.liveness.species_rates import ScoredPresentation, apcer_bound
from regard.vision.liveness.recapture import RecaptureAdapter, RecaptureFindings, observe_recapture, shift_of
from regard.vision.liveness.seen_frames import SeenVideo
from regard.vision.runner import Runner


def shifts_of(adapter: RecaptureAdapter) -> tuple[float, float]:
    """By how much a score rises where the network says live, and falls where it doesn't, by the upper 95 %
    bounds of its BPCER and of the worst species' APCER; 0 and 0 without a card.
    """
    counts = adapter.counts
    if counts is None:
        return 0.0, 0.0
    apcer = max(apcer_bound(accepted, presented) for _, presented, accepted in counts.attacks)
    bpcer = apcer_bound(counts.people_refused, counts.people)
    return shift_of(1 - bpcer, apcer), shift_of(1 - apcer, bpcer)


def measured_recapture(
    seen: SeenVideo, adapter: RecaptureAdapter | None, runner: Runner
) -> RecaptureFindings | None:
    """What the site's network says of an attempt; None without one. Raises as `observe_recapture` does."""
    if adapter is None:
        return None
    up, down = shifts_of(adapter)
    return observe_recapture(seen, adapter, runner, up=up, down=down)


def card_of(presentations: Sequence[ScoredPresentation]) -> str | None:
    """What a description says of these presentations under [card], in TOML; None where it can say nothing."""
    told = [one for one in presentations if one.is_live is not None]
    people = [one for one in told if not one.is_attack]
    attacks = Counter(one.species for one in told if one.is_attack)
    accepted = Counter(one.species for one in told if one.is_attack and one.is_live)
    if not people or not attacks:
        return None
    rows = [
        f'  {{ species = "{name}", presentations = {count}, accepted = {accepted[name]} }},'
        for name, count in attacks.items()
    ]
    refused = sum(not one.is_live for one in people)
    return "\n".join(
        ["[card]", f"people = {len(people)}", f"people_refused = {refused}", "attacks = [", *rows, "]"]
    )
