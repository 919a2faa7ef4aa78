"""Tags of projects and of what is in them: of Regard's own only `regard:none`, of a project."""

from __future__ import annotations

from collections.abc import Mapping

from regard.errors import InvalidParameterException
from regard.governance.purpose import NONE_TAG, check_tags


def check_project_tags(tags: Mapping[str, str], *, of_project: bool = True) -> None:
    """Raises InvalidParameterException for tags that would promise what nothing keeps.

    `of_project` is False for what is in a project, a data set or a version.
    """
    check_tags(tags)
    for key, value in tags.items():
        if key == NONE_TAG and of_project:
            if not value.strip():
                raise InvalidParameterException(f"The tag {NONE_TAG} must name a label.")
        elif key.startswith("regard:"):
            raise InvalidParameterException(
                f"The tag {key[:64]} has no meaning here: the one that a project has is {NONE_TAG}."
            )
