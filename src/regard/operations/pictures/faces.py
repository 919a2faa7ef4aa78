"""DetectFaces."""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.shapes.face_attributes import wanted
from regard.operations.shapes.faces import face_detail


def detect_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Every face of a picture: box, landmarks, pose, quality, and the attributes that are asked for."""
    names = wanted(request.get("Attributes"))
    picture = load_picture(ctx, request["Image"])
    image, faces = picture.image, picture.faces()
    if not names:
        return {"FaceDetails": [face_detail(face, image) for face in faces]}
    return {
        "FaceDetails": [
            face_detail(face, image, attributes, names)
            for face, attributes in zip(faces, picture.attributes(), strict=True)
        ]
    }


OPERATIONS = (
    Operation(
        name="DetectFaces",
        run=detect_faces,
        area=Area.PICTURES,
        permission=Permission.ANALYZE,
        bills=Bill.IMAGE_2,
    ),
)
