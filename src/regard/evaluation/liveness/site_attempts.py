"""A site's own attempts, as its audit log has them and as people say what each was."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regard.errors import RegardError
from regard.evaluation.liveness.presentations import Species
from regard.evaluation.liveness.species_rates import ScoredPresentation
from regard.vision.liveness.challenge import ChallengeKind
from regard.vision.liveness.parameters import parameters_digest
from regard.vision.liveness.recapture import RecaptureAdapter
from regard.vision.liveness.scoring import VERSION

_COLUMNS = ("session", "species")


@dataclass(frozen=True, slots=True)
class SiteAttempts:
    """The presentations that a card counts, and by species how many attacks it doesn't: those that failed at
    a gate, or whose light couldn't be measured.

    Such an attack is a non-response of ISO/IEC 30107-3, rejected by something else than light's score. An
    attacker who passes the gates in better light meets that score alone, and of it the attack tells nothing:
    in the denominator it would lower the bound without a measurement. People are counted whatever they failed
    at, which lowers the share of them that is accepted.
    """

    scored: tuple[ScoredPresentation, ...]
    left_out: Mapping[str, int]

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The species of attacks of which none is counted."""
        return tuple(sorted(self.left_out.keys() - {one.species for one in self.scored}))

    @property
    def data(self) -> str:
        """On what a card of them was measured: a noun phrase that ends in a full stop."""
        attacks = sum(one.is_attack for one in self.scored)
        said = f"{len(self.scored)} attempts before cameras of this site, of which {attacks} are attacks."
        left_out = sum(self.left_out.values())
        if not left_out:
            return said
        more = "".join(f" Nothing was measured of {name}." for name in self.unmeasured)
        return f"{said} Attacks that failed before light, or had none, aren't counted: {left_out}.{more}"


def read_species(file: Path) -> Mapping[str, str]:
    """By session, what was presented: a CSV file with the columns `session` and `species`, which is `bona
    fide` for a person who was there. Raises RegardError for another file."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeError, csv.Error) as error:
        raise RegardError(f"{file} can't be read as a CSV file.") from error
    if not rows or any(not row.get(column) for row in rows for column in _COLUMNS):
        raise RegardError(f"{file} needs the columns session and species, and a value of both in each row.")
    return {row["session"].strip(): row["species"].strip() for row in rows}


def site_attempts(
    species: Mapping[str, str],
    records: Iterable[Mapping[str, Any]],
    adapter: RecaptureAdapter | None = None,
) -> SiteAttempts:
    """The attempts of these sessions that came to a verdict of a challenge with light. A person who failed at
    a gate, or without evidence of light, has a score of minus infinity. Raises RegardError for records of
    another version or of other parameters. What a network says is counted of today's `adapter` alone.
    """
    scored, left_out = list[ScoredPresentation](), Counter[str]()
    for record in records:
        told, named = record.get("liveness"), species.get(record.get("session", ""))
        if named is None or not told or "evidence" not in told:
            continue
        if told.get("challenge") == ChallengeKind.MOVEMENT:
            continue
        evidence = told["evidence"]
        _check_comparable(evidence, None if adapter is None else adapter.moves)
        is_same = adapter is not None and evidence.get("recapture_network") == adapter.digest
        is_live = evidence["recapture_is_live"] if is_same else None
        score = evidence["light_score"] if evidence["gates_passed"] else None
        is_attack = named != Species.BONA_FIDE
        if is_attack and score is None:
            left_out[named] += 1
            continue
        reached = -math.inf if score is None else score
        scored.append(ScoredPresentation(named, is_attack, reached, is_live))
    return SiteAttempts(tuple(scored), left_out)


def _check_comparable(evidence: Mapping[str, Any], recapture: str | None) -> None:
    """Raises RegardError for a score that came about otherwise than today's."""
    if evidence.get("light_version") != VERSION:
        raise RegardError("The log has attempts of another version of Regard's evidence: leave them out.")
    if evidence.get("light_parameters") != parameters_digest(recapture):
        raise RegardError(
            "The log has attempts whose light was scored with other parameters, or doesn't say with which: "
            "leave them out."
        )
