"""PutCelebrity, ListCelebrities, DeleteCelebrity: whom RecognizeCelebrities knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from regard.collections.records import Celebrity
from regard.context import Context
from regard.errors import AccessDeniedException, InvalidParameterException, RegardError, ServiceError
from regard.governance.permissions import Permission
from regard.operations.administration.celebrity_photos import read_photo
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation

_LISTING = "celebrities"
_MAX_RESULTS = 1000
_UNLIKE = "it does not resemble the other photos enough."
_SURPLUS = "100 photos are enough."


def put_celebrity(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a celebrity, or gives one more photos: the largest face of each. What can't be taken is named.

    A celebrity is not made where none of the photos can be taken: `Celebrity` is left out then. Raises
    InvalidParameterException, and AccessDeniedException where the rules ask for consent to each face.
    """
    if ctx.stores.privacy.faces.always_consent:
        raise AccessDeniedException(
            "The rules here ask for consent to each face, and celebrities give none; enrol who has in a "
            "collection."
        )
    with ThreadPoolExecutor(ctx.settings.worker_count, thread_name_prefix="photos") as threads:
        readings = list(threads.map(lambda image: read_photo(ctx, image), request["Images"]))
    taken = [(place, one.photo) for place, one in enumerate(readings) if one.photo is not None]
    passed = {place: one.problem for place, one in enumerate(readings) if one.problem is not None}
    answer: dict[str, Any] = {}
    if taken:
        try:
            found = ctx.stores.celebrities.put(
                request["Name"],
                urls=request.get("Urls"),
                known_gender=request.get("KnownGender"),
            )
        except ServiceError:
            raise
        except RegardError as error:
            raise InvalidParameterException(str(error)) from error
        joined = ctx.stores.celebrities.enrol(found, [photo for _, photo in taken])
        passed |= {taken[place][0]: _UNLIKE for place in joined.unlike}
        passed |= {taken[place][0]: _SURPLUS for place in joined.surplus}
        found = ctx.stores.celebrities.get(found.celebrity_id)
        answer = {"Celebrity": _shape(found), "Id": found.celebrity_id}
    answer["PassedOver"] = [{"Image": place, "Reason": passed[place]} for place in sorted(passed)]
    return answer


def list_celebrities(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The celebrities in the order they were made, a page at a time."""
    numbered = sorted((one.row, one) for one in ctx.stores.celebrities.all())
    celebrities, token = page_of(_LISTING, numbered, request, _MAX_RESULTS)
    return {"Celebrities": [_shape(one) for one in celebrities], **token}


def delete_celebrity(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Erases a celebrity and every face of it."""
    ctx.stores.celebrities.remove(ctx.stores.celebrities.get(request["Id"]))
    return {}


def _shape(celebrity: Celebrity) -> dict[str, Any]:
    return {
        "Id": celebrity.celebrity_id,
        "Name": celebrity.name,
        "Urls": list(celebrity.urls),
        "KnownGender": celebrity.known_gender,
        "Photos": celebrity.photos,
    }


OPERATIONS = (
    Operation(
        name="PutCelebrity",
        run=put_celebrity,
        area=Area.ADMINISTRATION,
        permission=Permission.ENROL,
        notes=("Id",),
        is_own=True,
    ),
    Operation(
        name="ListCelebrities",
        run=list_celebrities,
        area=Area.ADMINISTRATION,
        permission=Permission.READ,
        is_own=True,
    ),
    Operation(
        name="DeleteCelebrity",
        run=delete_celebrity,
        area=Area.ADMINISTRATION,
        permission=Permission.ENROL,
        notes=("Id",),
        is_own=True,
    ),
)
