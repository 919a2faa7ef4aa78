"""The tables of docs/errors.md, from what errors.py, the service model, the source and botocore say."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

from botocore.awsrequest import AWSResponse
from botocore.retries.standard import RetryContext, ThrottledRetryableChecker, TransientRetryableChecker

from regard import errors
from regard.api.model import REKOGNITION, load_api
from regard.errors import ServiceError

SOURCE: Final = Path(errors.__file__).parent


def error_tables() -> dict[str, str]:
    """The page's tables by the name of their place in it."""
    declared = {code for one in load_api(REKOGNITION).operations.values() for code in one.errors}
    sent = _raised()
    listed = [one for one in _classes() if one.remedy]
    return {
        "rekognition": _table([one for one in listed if one.__name__ in declared], sent),
        "shared": _table([one for one in listed if one.__name__ not in declared], sent),
    }


def _table(classes: list[type[ServiceError]], sent: set[str]) -> str:
    lines = ["| error | status | again | when | what to do |", "|---|---|---|---|---|"]
    for one in classes:
        when = " ".join((one.__doc__ or "").split()).replace("|", "\\|")
        never = "" if one.__name__ in sent else " Regard never answers it."
        again = "yes" if _tried_again(one) else "no"
        lines.append(f"| `{one.__name__}` | {one.status} | {again} | {when}{never} | {one.remedy} |")
    return "\n".join(lines)


def _classes() -> list[type[ServiceError]]:
    return sorted(ServiceError.__subclasses__(), key=lambda one: one.__name__)


def _tried_again(error: type[ServiceError]) -> bool:
    """Whether botocore's standard mode takes it for passing."""
    response = AWSResponse("http://127.0.0.1", error.status, {}, None)
    context = RetryContext(
        attempt_number=1,
        http_response=response,
        parsed_response={"Error": {"Code": error.__name__, "Message": ""}},
    )
    return bool(
        ThrottledRetryableChecker().is_retryable(context) or TransientRetryableChecker().is_retryable(context)
    )


def _raised() -> set[str]:
    """The names of errors that some module of the source other than errors.py names in its code."""
    names: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        if path.name == "errors.py" and path.parent == SOURCE:
            continue
        names |= {
            node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)
        }
    return names
