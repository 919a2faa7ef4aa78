"""Records of stream processors that search faces, as Rekognition writes them into a Kinesis data stream.

Members stand in the order of Rekognition's own records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regard.collections.records import StoredFace
from regard.operations.shapes.face_attributes import FIVE
from regard.vision.faces import Face
from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class VideoMoment:
    """Where in a source a picture is. `stream_arn` is the source as anybody may be told; times are in seconds
    since the epoch, `offset` in seconds since the fragment's beginning.
    """

    stream_arn: str
    fragment: str
    server: float
    producer: float
    offset: float

    def input_information(self) -> dict[str, Any]:
        """A record's InputInformation."""
        return {
            "KinesisVideo": {
                "StreamArn": self.stream_arn,
                "FragmentNumber": self.fragment,
                "ServerTimestamp": round(self.server, 3),
                "ProducerTimestamp": round(self.producer, 3),
                "FrameOffsetInSeconds": round(self.offset, 3),
            }
        }

    def video_mapping(self) -> dict[str, Any]:
        """A notice's videoMapping; its times are in milliseconds."""
        return {
            "kinesisVideoMapping": {
                "fragmentNumber": self.fragment,
                "serverTimestamp": round(self.server * 1000),
                "producerTimestamp": round(self.producer * 1000),
                "frameOffsetMillis": round(self.offset * 1000),
            }
        }


def face_search_record(moment: VideoMoment, responses: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A record: what was found in one picture."""
    return {
        "InputInformation": moment.input_information(),
        "StreamProcessorInformation": {"Status": "RUNNING"},
        "FaceSearchResponse": list(responses),
    }


def record_text(record: Mapping[str, Any]) -> str:
    """A record as it is sent: JSON, its members in their order."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def face_search_response(
    face: Face, matches: Sequence[Mapping[str, Any]], width: int, height: int
) -> dict[str, Any]:
    """A face of a picture of `width` × `height` px, and the enrolled faces that it resembles."""
    return {
        "DetectedFace": {
            "BoundingBox": record_box(face.box.relative_to(width, height)),
            "Confidence": face.confidence,
            "Landmarks": [
                {
                    "X": float(face.landmarks[place][0]) / width,
                    "Y": float(face.landmarks[place][1]) / height,
                    "Type": name,
                }
                for name, place in FIVE
            ],
            "Pose": {"Pitch": face.pose.pitch, "Roll": face.pose.roll, "Yaw": face.pose.yaw},
            "Quality": {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness},
        },
        "MatchedFaces": list(matches),
    }


def matched_face(face: StoredFace, similarity: float) -> dict[str, Any]:
    """An enrolled face that a face resembles, `similarity` in percent."""
    named = {"ExternalImageId": face.external_image_id} if face.external_image_id else {}
    return {
        "Similarity": similarity,
        "Face": {
            "BoundingBox": record_box(face.box),
            "FaceId": face.face_id,
            "Confidence": face.confidence,
            "ImageId": face.image_id,
            **named,
        },
    }


def record_box(box: Box) -> dict[str, float]:
    """A BoundingBox of a box in fractions, in the order of the records."""
    return {"Height": box.height, "Width": box.width, "Left": box.left, "Top": box.top}
