"""SurveyMigration: which images of a source have pictures, and how long these take."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.migration.estimate import PictureSurvey
from regard.migration.pictures import by_image
from regard.migration.places import PicturePlace
from regard.migration.records import SourceFace
from regard.operations.inputs.images import load_picture
from regard.operations.migration.reading import UNUSABLE
from regard.operations.operation import Area, Operation
from regard.vision.findings import Pictures


def survey_migration(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Finds pictures for `Faces` of a source, and times some of them; nobody is enrolled.

    `Images` is where pictures lie and `Match` says which of them a face may be of. `Sample` of them, drawn
    by `Seed`, are read and their faces measured, as a migration does.
    """
    faces: Sequence[SourceFace] = request["Faces"]
    place: PicturePlace = request["Images"]
    candidates = place.candidates(request["Match"], ctx.stores.objects)
    found = [candidates.of(group) for group in by_image(faces).values()]
    keys = sorted({key for one in found for key in one})
    drawn = random.Random(request["Seed"]).sample(keys, min(request["Sample"], len(keys)))  # noqa: S311
    embedder = ctx.face_models.default.embedder
    timed, seconds = 0, 0.0
    for number, key in enumerate(drawn, 1):
        started = time.monotonic()
        try:
            picture = load_picture(replace(ctx, pictures=Pictures(ctx.models)), place.image(key))
        except UNUSABLE:  # a migration passes over it, too
            continue
        picture.embeddings(embedder)
        if number > 1 or len(drawn) == 1:  # the first one loads the models
            timed, seconds = timed + 1, seconds + time.monotonic() - started
        ctx.report("Timing", number, len(drawn))
    with_picture = sum(map(bool, found))
    # Of several candidates each is read once for all images, and then the one of each image once more.
    compared = {key for one in found if len(one) > 1 for key in one}
    survey = PictureSurvey(len(found), with_picture, len(compared) + with_picture, timed, seconds)
    return {"Survey": survey, "Surveyed": survey.images, "WithPicture": survey.with_picture, "Timed": timed}


OPERATIONS = (
    Operation(
        name="SurveyMigration",
        run=survey_migration,
        area=Area.ADMINISTRATION,
        permission=Permission.ENROL,
        notes=("Source", "Surveyed", "WithPicture", "Timed"),
        is_own=True,
        is_local=True,
    ),
)
