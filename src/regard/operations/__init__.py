"""The table of operations: plain functions of a context and a request, named by botocore's `xform_name`.

What is not in `OPERATIONS` is not built yet, and the gate says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from regard.context import Context
from regard.operations import (
    celebrities,
    collections,
    compare,
    faces,
    labels,
    moderation,
    protective,
    search,
    tags,
    text,
    user_search,
    users,
)

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
}
