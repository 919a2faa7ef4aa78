"""What may be asked for, by the rules of the installation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regard.errors import InvalidParameterException
from regard.governance.authorizations.records import FACTS, Ground, Scope
from regard.governance.profiles import Rules

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAuthorization:
    """An authorization that is asked for; times are milliseconds since the epoch, None for now and for as
    long as the rules allow.
    """

    case_id: str
    purpose: str
    basis: Ground
    scope: Scope
    begins: int | None = None
    until: int | None = None
    covert: bool = False
    grounds: str | None = None
    attested: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """From when to when an authorization may hold, and by when the authority of an exigency must have been
    asked, and have decided.
    """

    begins: int
    until: int
    ask_by: int | None = None
    decide_by: int | None = None


def terms_of(new: NewAuthorization, rules: Rules, now: int) -> Terms:
    """The terms of what is asked for. Raises InvalidParameterException where the rules don't allow it."""
    _check_scope(new, rules)
    if new.basis is Ground.FIRST_IDENTIFICATION:
        _check_first_identification(new, rules)
    elif new.purpose not in rules.bases.get(new.basis, frozenset()):
        allowed = ", ".join(name for name, purposes in rules.bases.items() if new.purpose in purposes)
        raise InvalidParameterException(
            f"The rules here allow no search by {new.basis} for the purpose {new.purpose}; "
            f"they allow: {allowed or 'nothing'}."
        )
    if new.covert and new.basis is not Ground.WARRANT:
        raise InvalidParameterException("Only a warrant may be covert; post a notice beside each camera.")
    starts_at_once = new.basis in (Ground.EXIGENCY, Ground.FIRST_IDENTIFICATION)
    if starts_at_once and not (new.grounds or "").strip():
        raise InvalidParameterException("What starts at once states its facts; give Grounds.")
    begins = now if starts_at_once or new.begins is None else max(new.begins, now)
    until = end_of(begins, new.until, rules, now)
    if new.basis is not Ground.EXIGENCY:
        return Terms(begins=begins, until=until)
    ask_by = now + rules.exigency_hours["live" if new.scope.cameras else "recorded"] * _HOUR
    decide_by = min(now + rules.decision_hours * _HOUR, until)  # nothing ends before it is decided on
    return Terms(begins=begins, until=until, ask_by=min(ask_by, decide_by), decide_by=decide_by)


def end_of(begins: int, until: int | None, rules: Rules, now: int) -> int:
    """When an authorization ends that begins then. Raises InvalidParameterException for a wrong end."""
    longest = begins + rules.authorization_days * _DAY
    if until is None:
        return longest
    if until > longest:
        raise InvalidParameterException(
            f"An authorization holds for {rules.authorization_days} days at most; "
            "it can be extended before they are over."
        )
    if until <= max(begins, now):
        raise InvalidParameterException("Until lies before the authorization begins; name a later time.")
    return until


def _check_scope(new: NewAuthorization, rules: Rules) -> None:
    scope = new.scope
    if not scope.cameras and not scope.videos:
        raise InvalidParameterException("An authorization covers cameras or videos; name some of them.")
    if scope.videos and not rules.recorded_search:
        raise InvalidParameterException("The rules here allow no face search in recorded videos.")
    if scope.cameras and rules.individuals_only and not scope.faces:
        raise InvalidParameterException(
            "The rules here allow live search for individuals alone; name the Faces to be searched."
        )


def _check_first_identification(new: NewAuthorization, rules: Rules) -> None:
    scope = new.scope
    if not rules.first_identification or new.purpose != "law-enforcement":
        raise InvalidParameterException(
            f"The rules here allow no first identification for the purpose {new.purpose}."
        )
    if scope.cameras or any(video.endswith("*") for video in scope.videos):
        raise InvalidParameterException(
            "A first identification is of footage of the offence; name each of its Videos."
        )
    if scope.faces:
        raise InvalidParameterException("A first identification is of somebody unknown; name no Faces.")
    missing = [fact for fact in FACTS if fact not in new.attested]
    if missing:
        raise InvalidParameterException(
            f"Whoever identifies for the first time attests {', '.join(FACTS)}; {missing[0]} is missing."
        )
