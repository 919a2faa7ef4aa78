"""The eight analyses of stored video, and how their Get operations list what they find."""

from __future__ import annotations

from regard.collections.kept_matches import MATCHES
from regard.operations.stored_video.faces import CelebrityAnalysis, FaceAnalysis, FaceSearchAnalysis
from regard.operations.stored_video.labels import LabelAnalysis, ModerationAnalysis
from regard.operations.stored_video.listing import Listing
from regard.operations.stored_video.persons import PersonAnalysis
from regard.operations.stored_video.runs import StoredAnalysis
from regard.operations.stored_video.segments import SegmentAnalysis
from regard.operations.stored_video.text import TextAnalysis

CELEBRITIES = StoredAnalysis(
    lambda ctx, _, __: CelebrityAnalysis(ctx),
    Listing("start_celebrity_recognition", "Celebrities", CelebrityAnalysis.interval, "ID"),
)
FACES = StoredAnalysis(
    lambda _, request, __: FaceAnalysis(request),
    Listing("start_face_detection", "Faces", FaceAnalysis.interval),
)
FACE_SEARCH = StoredAnalysis(
    lambda ctx, _, __: FaceSearchAnalysis(ctx),
    Listing("start_face_search", "Persons", FaceSearchAnalysis.interval, "INDEX", joined=MATCHES),
)
LABELS = StoredAnalysis(
    lambda ctx, request, _: LabelAnalysis(ctx, request),
    Listing("start_label_detection", "Labels", LabelAnalysis.interval, "NAME", has_views=True),
)
MODERATION = StoredAnalysis(
    lambda _, request, __: ModerationAnalysis(request),
    Listing(
        "start_content_moderation", "ModerationLabels", ModerationAnalysis.interval, "NAME", has_views=True
    ),
)
PERSONS = StoredAnalysis(
    lambda _, __, ___: PersonAnalysis(),
    Listing("start_person_tracking", "Persons", PersonAnalysis.interval, "INDEX"),
)
SEGMENTS = StoredAnalysis(
    lambda _, request, video: SegmentAnalysis(request, video.facts.frame_rate, video.duration),
    # Sorted by type, in the order in which the request named them: an item's key is the type's place there.
    Listing("start_segment_detection", "Segments", SegmentAnalysis.interval, "TYPE", default="TYPE"),
    has_streams=True,
)
TEXT = StoredAnalysis(
    lambda ctx, request, _: TextAnalysis(ctx, request),
    Listing("start_text_detection", "TextDetections", TextAnalysis.interval),
)
