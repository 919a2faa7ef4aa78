"""The table of operations: plain functions of a context and a request, named by botocore's `xform_name`.

What is not in `OPERATIONS` is not built yet, and the gate says so; nor is what needs an analysis that is not
in `RUNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from regard.context import Context
from regard.operations import (
    celebrities,
    collections,
    compare,
    counts,
    faces,
    jobs,
    labels,
    media_analysis,
    media_analysis_run,
    moderation,
    protective,
    search,
    stored_results,
    stored_video,
    tags,
    text,
    user_search,
    users,
)
from regard.operations.video import runs
from regard.operations.videos import Item, Run, Step

Operation = Callable[[Context, dict[str, Any]], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "associate_faces": users.associate_faces,
    "compare_faces": compare.compare_faces,
    "create_collection": collections.create_collection,
    "create_user": users.create_user,
    "delete_collection": collections.delete_collection,
    "delete_faces": faces.delete_faces,
    "delete_user": users.delete_user,
    "describe_collection": collections.describe_collection,
    "detect_faces": faces.detect_faces,
    "detect_labels": labels.detect_labels,
    "detect_moderation_labels": moderation.detect_moderation_labels,
    "detect_protective_equipment": protective.detect_protective_equipment,
    "detect_text": text.detect_text,
    "disassociate_faces": users.disassociate_faces,
    "get_celebrity_info": celebrities.get_celebrity_info,
    "index_faces": faces.index_faces,
    "list_collections": collections.list_collections,
    "list_faces": faces.list_faces,
    "list_tags_for_resource": tags.list_tags_for_resource,
    "list_users": users.list_users,
    "recognize_celebrities": celebrities.recognize_celebrities,
    "search_faces": search.search_faces,
    "search_faces_by_image": search.search_faces_by_image,
    "search_users": user_search.search_users,
    "search_users_by_image": user_search.search_users_by_image,
    "tag_resource": tags.tag_resource,
    "untag_resource": tags.untag_resource,
    # Many pictures.
    "get_media_analysis_job": media_analysis.get_media_analysis_job,
    "list_media_analysis_jobs": media_analysis.list_media_analysis_jobs,
    "start_media_analysis_job": media_analysis.start_media_analysis_job,
    # Stored video.
    "get_celebrity_recognition": stored_results.get_celebrity_recognition,
    "get_content_moderation": stored_results.get_content_moderation,
    "get_face_detection": stored_results.get_face_detection,
    "get_face_search": stored_results.get_face_search,
    "get_label_detection": stored_results.get_label_detection,
    "get_person_tracking": stored_results.get_person_tracking,
    "get_segment_detection": stored_results.get_segment_detection,
    "get_text_detection": stored_results.get_text_detection,
    "start_celebrity_recognition": stored_video.start_celebrity_recognition,
    "start_content_moderation": stored_video.start_content_moderation,
    "start_face_detection": stored_video.start_face_detection,
    "start_face_search": stored_video.start_face_search,
    "start_label_detection": stored_video.start_label_detection,
    "start_person_tracking": stored_video.start_person_tracking,
    "start_segment_detection": stored_video.start_segment_detection,
    "start_text_detection": stored_video.start_text_detection,
}

RUNS: dict[str, Run] = {**runs.RUNS, "start_media_analysis_job": media_analysis_run.run}
"""The analyses of stored video and of many pictures, by the Start operation whose jobs they run."""

OWN: Mapping[str, Operation] = {
    "cancel_job": jobs.cancel_job,
    "get_job": jobs.get_job,
    "get_job_counts": counts.get_job_counts,
    "list_jobs": jobs.list_jobs,
}
"""Operations that Rekognition doesn't have, with paths of their own."""

OWN_NAMES: Mapping[str, str] = {
    "cancel_job": "CancelJob",
    "get_job": "GetJob",
    "get_job_counts": "GetJobCounts",
    "list_jobs": "ListJobs",
}
"""What policies and audit records call them."""

ABOUT_JOBS = frozenset({*stored_results.LISTINGS, *OWN, "get_media_analysis_job"})
"""Operations whose JobId names a job."""


def is_built(operation: str) -> bool:
    """Whether the operation does what it is for."""
    return operation in OPERATIONS or operation in OWN


__all__ = [
    "ABOUT_JOBS",
    "OPERATIONS",
    "OWN",
    "OWN_NAMES",
    "RUNS",
    "Item",
    "Operation",
    "Run",
    "Step",
    "is_built",
]
