"""Records and notices of stream processors have the members of Rekognition's, in its order."""

from __future__ import annotations

import json

import numpy as np

from regard.collections.records import StoredFace
from regard.operations.shapes.stream_notices import NoticeEnvelope, face_fact, label_fact, results_message
from regard.operations.shapes.stream_records import (
    VideoMoment,
    face_search_record,
    face_search_response,
    matched_face,
)
from regard.vision.faces.face import Face, Pose, Quality
from regard.vision.geometry import Box

STREAM = "arn:aws:kinesisvideo:us-east-1:123456789012:stream/door/1500000000000"
MOMENT = VideoMoment(
    STREAM, "91343852333289682796718532614445757584843717598", 1510552593.4554, 1510552593.193, 2
)
FACE = Face(
    Box(100, 50, 50, 100),
    99.5,
    np.array([[110, 80], [130, 80], [120, 100], [112, 120], [128, 120]], np.float32),
    Pose(-15.5, -70.25, 6.75),
    Quality(36.5, 67.25),
)
ENROLLED = StoredFace(7, "f-1", "i-1", "anna", "u-1", Box(0.125, 0.25, 0.5, 0.375), 99.75)

RECORD = (
    '{"InputInformation":{"KinesisVideo":{"StreamArn":"' + STREAM + '",'
    '"FragmentNumber":"91343852333289682796718532614445757584843717598","ServerTimestamp":1510552593.455,'
    '"ProducerTimestamp":1510552593.193,"FrameOffsetInSeconds":2}},'
    '"StreamProcessorInformation":{"Status":"RUNNING"},"FaceSearchResponse":[{"DetectedFace":{'
    '"BoundingBox":{"Height":0.5,"Width":0.25,"Left":0.5,"Top":0.25},"Confidence":99.5,"Landmarks":['
    '{"X":0.55,"Y":0.4,"Type":"eyeLeft"},{"X":0.65,"Y":0.4,"Type":"eyeRight"},'
    '{"X":0.56,"Y":0.6,"Type":"mouthLeft"},{"X":0.64,"Y":0.6,"Type":"mouthRight"},'
    '{"X":0.6,"Y":0.5,"Type":"nose"}],"Pose":{"Pitch":6.75,"Roll":-15.5,"Yaw":-70.25},'
    '"Quality":{"Brightness":36.5,"Sharpness":67.25}},"MatchedFaces":[{"Similarity":99.9,"Face":{'
    '"BoundingBox":{"Height":0.375,"Width":0.5,"Left":0.125,"Top":0.25},"FaceId":"f-1","Confidence":99.75,'
    '"ImageId":"i-1","ExternalImageId":"anna"}}]}]}'
)


def written(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def test_a_record_has_the_members_of_rekognitions_in_its_order() -> None:
    response = face_search_response(FACE, [matched_face(ENROLLED, 99.9)], 200, 200)
    assert written(face_search_record(MOMENT, [response])) == RECORD


def test_a_picture_without_faces_is_a_record_with_an_empty_list() -> None:
    assert face_search_record(MOMENT, [])["FaceSearchResponse"] == []
    assert face_search_response(FACE, [], 200, 200)["MatchedFaces"] == []


def test_a_label_is_told_in_rekognitions_envelope() -> None:
    start = {
        "Name": "door",
        "StartSelector": {"KVSStreamStartSelector": {"ProducerTimestamp": 1510552593000}},
        "StopSelector": {"MaxDurationInSeconds": 20},
    }
    label = label_fact("PERSON", "l-1", Box(0.25, 0.125, 0.5, 0.75), MOMENT, "s3://b/f.jpg", "s3://b/c.jpg")
    notice = NoticeEnvelope(STREAM, "s-1", start, {"place": "door"}).notice(
        "LABEL_DETECTED", "e-1", {"labels": [label]}
    )
    assert list(notice) == [
        "inputInformation",
        "eventNamespace",
        "labels",
        "eventId",
        "tags",
        "sessionId",
        "startStreamProcessorRequest",
    ]
    assert notice["labels"][0]["videoMapping"] == {
        "kinesisVideoMapping": {
            "fragmentNumber": MOMENT.fragment,
            "serverTimestamp": 1510552593455,
            "producerTimestamp": 1510552593193,
            "frameOffsetMillis": 2000,
        }
    }
    assert notice["labels"][0]["boundingBox"] == {"left": 0.25, "top": 0.125, "height": 0.75, "width": 0.5}
    assert notice["startStreamProcessorRequest"] == {
        "name": "door",
        "startSelector": {"kVSStreamStartSelector": {"producerTimestamp": 1510552593000}},
        "stopSelector": {"maxDurationInSeconds": 20},
    }


def test_the_end_of_a_session_tells_how_much_video_was_processed() -> None:
    notice = NoticeEnvelope(STREAM, "s-1", {"Name": "door"}).notice(
        "STREAM_PROCESSING_COMPLETE", "e-2", results_message(["PERSON"]), processed_ms=20_000
    )
    video = notice["inputInformation"]["kinesisVideo"]
    assert video == {"streamArn": STREAM, "processedVideoDurationMillis": 20_000}
    assert "PERSON" in notice["streamProcessingResults"]["message"]


def test_a_match_is_told_with_whom_and_where_and_without_a_picture() -> None:
    match = matched_face(ENROLLED, 99.9)
    fact = face_fact("e-3", match, "u-1", Box(0.5, 0.25, 0.25, 0.5), MOMENT, "/regard/v1/streams/events/e-3")
    assert (fact["faceId"], fact["userId"]) == ("f-1", "u-1")
    assert fact["similarity"] == 99.9
    assert not any(isinstance(value, bytes) for value in fact.values())
