"""RecognizeCelebrities, GetCelebrityInfo."""

from __future__ import annotations

from typing import Any

from regard.collections.celebrities import Recognised
from regard.collections.records import Celebrity
from regard.context import Context
from regard.governance.permissions import Permission
from regard.governance.purpose import CELEBRITY
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.shapes.face_attributes import attribute_shapes
from regard.operations.shapes.faces import face_detail
from regard.operations.withholding import MatchPath
from regard.vision.faces import Face
from regard.vision.faces.attributes import Attributes
from regard.vision.findings import PictureFindings
from regard.vision.image import Image
from regard.vision.quality import fit_faces

MAX_CELEBRITIES = 64
_SHOWN = frozenset({"EMOTIONS", "SMILE"})


def recognize_celebrities(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Who of the operator's own celebrities is in a picture, and the faces of everybody else."""
    picture = load_picture(ctx, request["Image"])
    faces, described = picture.faces(), picture.attributes()
    recognised = recognise(ctx, picture)
    response: dict[str, Any] = {"CelebrityFaces": [], "UnrecognizedFaces": []}
    for face, attributes, found in zip(faces, described, recognised, strict=True):
        shape = _compared_face(face, picture.image, attributes)
        if found is None:
            response["UnrecognizedFaces"].append(shape)
        else:
            response["CelebrityFaces"].append(_celebrity_face(found, shape))
    return response


def get_celebrity_info(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The name, the URLs and the known gender of a celebrity by its id."""
    return celebrity_facts(ctx.stores.celebrities.get(request["Id"]))


def recognise(ctx: Context, picture: PictureFindings) -> list[Recognised | None]:
    """Whom each face of a picture is recognised as. Only the largest faces are searched for, and of these
    only what is fit to be.
    """
    faces = picture.faces()
    searched = fit_faces(faces, MAX_CELEBRITIES)
    if not searched:
        return [None] * len(faces)
    celebrities = ctx.stores.celebrities
    model = celebrities.model
    probes = picture.embeddings(model.embedder, searched)
    found = celebrities.recognise(probes, model=model, threshold=ctx.threshold)
    recognised = dict(zip(searched, found, strict=True))
    return [recognised.get(face) for face in faces]


def _celebrity_face(found: Recognised, face: dict[str, Any]) -> dict[str, Any]:
    return {
        **celebrity_facts(found.celebrity),
        "Id": found.celebrity.celebrity_id,
        "Face": face,
        "MatchConfidence": found.similarity,
    }


def celebrity_facts(celebrity: Celebrity) -> dict[str, Any]:
    return {
        "Urls": list(celebrity.urls),
        "Name": celebrity.name,
        "KnownGender": {"Type": celebrity.known_gender},
    }


def _compared_face(face: Face, image: Image, attributes: Attributes) -> dict[str, Any]:
    """A ComparedFace with its expression, which only this operation gives."""
    return face_detail(face, image) | attribute_shapes(attributes, _SHOWN)


OPERATIONS = (
    Operation(
        name="RecognizeCelebrities",
        run=recognize_celebrities,
        area=Area.PICTURES,
        permission=Permission.ANALYZE,
        matches=CELEBRITY,
        shows=MatchPath(("CelebrityFaces",), ("MatchConfidence",)),
        bills=Bill.IMAGE_2,
    ),
    Operation(
        name="GetCelebrityInfo",
        run=get_celebrity_info,
        area=Area.PICTURES,
        permission=Permission.READ,
    ),
)
