"""Collections, their faces and users, and who resembles whom."""

from __future__ import annotations

from regard.operations.collections import (
    collections,
    faces,
    search,
    tags,
    user_search,
    users,
)

OPERATIONS = (
    *collections.OPERATIONS,
    *faces.OPERATIONS,
    *search.OPERATIONS,
    *tags.OPERATIONS,
    *user_search.OPERATIONS,
    *users.OPERATIONS,
)
