"""A site's own attempts, as its audit log has them and as people say what each was."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from regard.errors import RegardError
from regard.evaluation.liveness.presentations import Species
from regard.evaluation.liveness.species_rates import ScoredPresentation
from regard.vision.liveness.scoring import VERSION

_COLUMNS = ("session", "species")


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


def scored_attempts(
    species: Mapping[str, str], records: Iterable[Mapping[str, Any]]
) -> Iterator[ScoredPresentation]:
    """The attempts of these sessions that came to a verdict. One that failed at a gate, or without evidence
    of light, has a score of minus infinity. Raises RegardError for records of another version."""
    for record in records:
        told, named = record.get("liveness"), species.get(record.get("session", ""))
        if named is None or not told or "evidence" not in told:
            continue
        evidence = told["evidence"]
        if evidence.get("light_version") != VERSION:
            raise RegardError("The log has attempts of another version of Regard's evidence: leave them out.")
        score = evidence["light_score"] if evidence["gates_passed"] else None
        is_attack = named != Species.BONA_FIDE
        yield ScoredPresentation(named, is_attack, -math.inf if score is None else score)
