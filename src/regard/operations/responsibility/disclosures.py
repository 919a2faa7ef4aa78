"""GetDisclosure: all that court and defence are to know of the searches on a case."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from regard.context import Context
from regard.errors import RegardError
from regard.evaluation.card import ModelCard
from regard.governance.examination.blindness import refuse_raters
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.governance.reports.disclosure import Disclosure
from regard.operations.operation import Area, Operation
from regard.operations.responsibility.cases import visible_case


def get_disclosure(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The packet of a case: a JSON document, and the pictures that it names.

    Raises ResourceNotFoundException for a case that isn't the caller's to know, and AccessDeniedException for
    who may rate its candidates.
    """
    case, stores = visible_case(ctx, request["CaseId"]), ctx.stores
    if ctx.caller.person_id not in case.members:  # who works on a case never rates on it
        refuse_raters(ctx.caller)
    accountability = stores.accountability
    made = Disclosure(
        accountability.examination,
        accountability.people,
        accountability.trainings,
        stores.audit,
        stores.seals,
    ).packet(case)
    models = {search["gallery"]["face_model"] for search in made.document["searches"]}
    document = made.document | {
        "software": {"name": "Regard", "version": version("regard")},
        "rules": {
            "profiles": list(accountability.profiles.names),
            "digest": accountability.profiles.digest,
        },
        "error_rates": {model: _error_rates(ctx, model) for model in sorted(models)},
    }
    return {
        "CaseId": case.case_id,
        "Sequence": made.document["head"]["sequence"],
        "Hash": made.document["head"]["hash"],
        "Document": json.dumps(document),
        "Pictures": [{"Name": name, "Bytes": picture} for name, picture in made.pictures.items()],
    }


def _error_rates(ctx: Context, model: str) -> dict[str, Any]:
    """What a face model was measured to do, from its card; a sentence where it has none."""
    try:
        return ModelCard.load(ctx.settings.pack, model).facts()
    except RegardError as error:
        return {"unknown": str(error)}


OPERATIONS = (
    Operation(
        name="GetDisclosure",
        run=get_disclosure,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.READ,
        notes=("CaseId", "Sequence"),
        is_own=True,
        presence=Presence.VERIFIED,
    ),
)
