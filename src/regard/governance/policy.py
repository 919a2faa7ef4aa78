"""Who may do what: what a role holds, narrowed by policy documents in the grammar of IAM."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from regard.caller import Caller
from regard.errors import AccessDeniedException, RegardError
from regard.governance.permissions import Permission, permits

# A rule of another form would never apply, and nobody would notice.
_FORMS = {
    "Action": (re.compile(r"\*|rekognition:[A-Za-z*?]+", re.IGNORECASE), "rekognition:SearchFaces"),
    "Resource": (
        re.compile(r"\*.*|arn:[^:]+:rekognition:[^:]*:[^:]*:.+", re.DOTALL),
        "arn:aws:rekognition:*:*:collection/NAME",
    ),
}
_PLACE = re.compile(r"^(arn:[^:]*:rekognition:)[^:]*:[^:]*:")

_STATEMENT = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"}


def check_document(document: Any) -> dict[str, Any]:
    """The document, when it is a policy that can be enforced whole.

    Raises RegardError for what the grammar does not know, and for parts of IAM that Regard can't
    enforce (Condition, Principal): a rule that is passed over would be worse than none.
    """
    if not isinstance(document, dict) or document.get("Version") != "2012-10-17":
        raise RegardError('A policy is a JSON object with "Version": "2012-10-17" and "Statement".')
    unknown = document.keys() - {"Version", "Id", "Statement"}
    if unknown:
        raise RegardError(f"The policy has parts that are not known: {', '.join(sorted(unknown))}.")
    statements = _listed(document.get("Statement"))
    if not statements:
        raise RegardError("The policy has no Statement.")
    for statement in statements:
        _check_statement(statement)
    return document


def allows(caller: Caller, permission: Permission, action: str, resource: str) -> bool:
    """Whether the caller's role holds `permission`, and their policy allows `action` on `resource`.

    `action` is named as IAM does, `rekognition:SearchFaces`. As in IAM a Deny wins over every Allow, and what
    nothing allows is refused. Regions and accounts in ARNs don't count: an installation has one of each,
    and no rule may lapse when those settings change.
    """
    if not any(permits(role, permission) for role in caller.roles):
        return False
    if caller.policy is None:
        return True
    effects = {
        statement["Effect"]
        for statement in _listed(caller.policy["Statement"])
        if _applies(statement, action, resource)
    }
    return effects == {"Allow"}


def denies(caller: Caller, action: str, resource: str) -> bool:
    """Whether the caller's policy has a Deny of `action` on `resource`, which wins over whoever allows it."""
    statements = [] if caller.policy is None else _listed(caller.policy["Statement"])
    return any(one["Effect"] == "Deny" and _applies(one, action, resource) for one in statements)


def covers(patterns: str | Sequence[str], arn: str) -> bool:
    """Whether one of some ARNs, with IAM's wildcards, is `arn`; regions and accounts don't count."""
    return _matches(_placeless(patterns), *_placeless(arn))


def refusal(caller: Caller, action: str, resource: str, *, account: str) -> AccessDeniedException:
    """That the caller may not, in AWS's words."""
    user = f"arn:aws:iam::{account}:user/{caller.name}"
    return AccessDeniedException(
        f"User: {user} is not authorized to perform: {action} on resource: {resource}"
    )


def check(caller: Caller, permission: Permission, action: str, resource: str, *, account: str) -> None:
    """Raises AccessDeniedException unless the caller may; `account` is named in its message, as by AWS."""
    if not allows(caller, permission, action, resource):
        raise refusal(caller, action, resource, account=account)


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict):
        raise RegardError("Each Statement of a policy is a JSON object.")
    unknown = statement.keys() - _STATEMENT
    if unknown:
        raise RegardError(
            f"A policy statement has parts that can't be enforced here: {', '.join(sorted(unknown))}."
        )
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise RegardError('The Effect of a policy statement is "Allow" or "Deny".')
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if (one in statement) == (other in statement):
            raise RegardError(f"A policy statement has either {one} or {other}.")
        values = _listed(statement.get(one, statement.get(other)))
        if not values or not all(isinstance(value, str) for value in values):
            raise RegardError(f"{one} of a policy statement is a text or a list of texts.")
        form, example = _FORMS[one]
        for value in values:
            if not form.fullmatch(value):
                raise RegardError(f"{one} {value[:100]!r} would match nothing here; write it like {example}.")


def _applies(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    if "Action" in statement:
        action_fits = _matches(_listed(statement["Action"]), action, fold_case=True)
    else:
        action_fits = not _matches(_listed(statement["NotAction"]), action, fold_case=True)
    if "Resource" in statement:
        return action_fits and _matches(_placeless(statement["Resource"]), *_placeless(resource))
    return action_fits and not _matches(_placeless(statement["NotResource"]), *_placeless(resource))


def _placeless(arns: Any) -> list[str]:
    """ARNs, or patterns of them, without region and account."""
    return [_PLACE.sub(r"\1::", arn) for arn in _listed(arns)]


def _matches(patterns: Sequence[str], value: str, *, fold_case: bool = False) -> bool:
    return any(_regex(pattern, fold_case).fullmatch(value) for pattern in patterns)


@lru_cache(maxsize=4096)
def _regex(pattern: str, fold_case: bool) -> re.Pattern[str]:
    """IAM's wildcards: `*` is any run of characters, `?` any one."""
    text = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if fold_case else 0))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
