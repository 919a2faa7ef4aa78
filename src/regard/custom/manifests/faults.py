"""What can be wrong with a line, in Rekognition's codes and words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class FaultCode(StrEnum):
    """As Rekognition has them, but for the last, which is ours: its guide names the limit and no code."""

    INVALID_JSON_LINE = "ERROR_INVALID_JSON_LINE"
    MISSING_SOURCE_REF = "ERROR_MISSING_SOURCE_REF"
    INVALID_SOURCE_REF_FORMAT = "ERROR_INVALID_SOURCE_REF_FORMAT"
    DUPLICATE_SOURCE_REF = "ERROR_DUPLICATE_SOURCE_REF"
    NO_LABEL_ATTRIBUTES = "ERROR_NO_LABEL_ATTRIBUTES"
    INVALID_LABEL_ATTRIBUTE_FORMAT = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"
    INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT = "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    NO_VALID_LABEL_ATTRIBUTES = "ERROR_NO_VALID_LABEL_ATTRIBUTES"
    UNSUPPORTED_USE_CASE_TYPE = "ERROR_UNSUPPORTED_USE_CASE_TYPE"
    INVALID_BOUNDING_BOX = "ERROR_INVALID_BOUNDING_BOX"
    BOUNDING_BOX_TOO_SMALL = "ERROR_BOUNDING_BOX_TOO_SMALL"
    TOO_MANY_BOUNDING_BOXES = "ERROR_TOO_MANY_BOUNDING_BOXES"
    NO_VALID_ANNOTATIONS = "ERROR_NO_VALID_ANNOTATIONS"
    MISSING_BOUNDING_BOX_CONFIDENCE = "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE"
    MISSING_CLASS_MAP_ID = "ERROR_MISSING_CLASS_MAP_ID"
    INVALID_IMAGE = "ERROR_INVALID_IMAGE"
    INVALID_IMAGE_DIMENSION = "ERROR_INVALID_IMAGE_DIMENSION"
    INVALID_LABEL_NAME_LENGTH = "ERROR_INVALID_LABEL_NAME_LENGTH"
    UNANNOTATED_RECORD = "WARNING_UNANNOTATED_RECORD"
    NO_ANNOTATIONS = "WARNING_NO_ANNOTATIONS"
    NO_ATTRIBUTE_ANNOTATIONS = "WARNING_NO_ATTRIBUTE_ANNOTATIONS"
    TOO_MANY_LABELS = "ERROR_TOO_MANY_LABELS"

    @property
    def is_warning(self) -> bool:
        return self.value.startswith("WARNING_")


_WORDS: Final = {
    FaultCode.INVALID_JSON_LINE: "The JSON Line has an invalid format.",
    FaultCode.MISSING_SOURCE_REF: "The source-ref key is missing.",
    FaultCode.INVALID_SOURCE_REF_FORMAT: "The format of the source-ref value is invalid.",
    FaultCode.DUPLICATE_SOURCE_REF: "An earlier line has the same source-ref.",
    FaultCode.NO_LABEL_ATTRIBUTES: "No label attributes found.",
    FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT: "The format of the label attribute {} is invalid.",
    FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT: (
        "The format of the label attribute metadata is invalid."
    ),
    FaultCode.NO_VALID_LABEL_ATTRIBUTES: "No valid label attributes found.",
    FaultCode.UNSUPPORTED_USE_CASE_TYPE: (
        "The use case type of the {}-metadata label attribute metadata is unsupported. Check the type field."
    ),
    FaultCode.INVALID_BOUNDING_BOX: "The bounding box has off frame values.",
    FaultCode.BOUNDING_BOX_TOO_SMALL: "The height and width of the bounding box is too small.",
    FaultCode.TOO_MANY_BOUNDING_BOXES: "There are more bounding boxes than the allowed maximum.",
    FaultCode.NO_VALID_ANNOTATIONS: "No valid annotations found.",
    FaultCode.MISSING_BOUNDING_BOX_CONFIDENCE: "One or more bounding boxes has a missing confidence value.",
    FaultCode.MISSING_CLASS_MAP_ID: "One of more class ids is missing from the class map.",
    FaultCode.INVALID_IMAGE: "The image is invalid. Check S3 path and/or image properties.",
    FaultCode.INVALID_IMAGE_DIMENSION: "The image dimension(s) do not conform to allowed dimensions.",
    FaultCode.INVALID_LABEL_NAME_LENGTH: "The length of a label name is too long.",
    FaultCode.UNANNOTATED_RECORD: "Record is unannotated.",
    FaultCode.NO_ANNOTATIONS: "No annotations were found.",
    FaultCode.NO_ATTRIBUTE_ANNOTATIONS: "No attribute annotations were found.",
    FaultCode.TOO_MANY_LABELS: "There are more labels than the allowed maximum.",
}
_LONGEST_NAME: Final = 256  # characters of an attribute's name that a message repeats


@dataclass(frozen=True, slots=True)
class Fault:
    """One that a line has. `place` says where in the line it is, "" for the line itself."""

    code: FaultCode
    message: str
    place: str = ""

    @classmethod
    def of(cls, code: FaultCode, place: str = "", name: str = "") -> Fault:
        """In Rekognition's words; `name` is the attribute's that is meant."""
        return cls(code, _WORDS[code].replace("{}", name[:_LONGEST_NAME]), place)

    @property
    def told(self) -> dict[str, Any]:
        """As it stands in the lists `cl-errors` and `warnings` of a line."""
        return {"code": self.code.value, "message": self.message}
