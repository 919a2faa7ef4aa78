"""The part of the names of what a version writes into its bucket that tells it from other versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final

from sqlalchemy import Connection, select

from regard.storage.schema import project_versions as table
from regard.storage.schema import projects

OUTPUT_NAME: Final = "OutputName"
"""Member of a kept request: the name, where it isn't the usual one."""


def output_name(project: str, version: str, request: Mapping[str, Any]) -> str:
    """The name of a version, of which its request is kept: PROJECT-VERSION, as Amazon has it, or what
    `free_output_name` has put in its place.
    """
    return str(request.get(OUTPUT_NAME, f"{project}-{version}"))


def output_folder(request: Mapping[str, Any]) -> tuple[str, str]:
    """The bucket and the prefix, without slashes around it, that the OutputConfig of a request names."""
    config = request.get("OutputConfig") or {}
    return config.get("S3Bucket", ""), config.get("S3KeyPrefix", "").strip("/")


def free_output_name(connection: Connection, project: int, version: str, request: Mapping[str, Any]) -> str:
    """A name that no other version has in the folder of a request that makes `version` in a project.

    Amazon's names are ambiguous, since both parts may have hyphens: `b-c` of `a` is `c` of `a-b`. The later
    one of such has `~2` behind it, or `~3`; neither part can hold a tilde. To be called in the transaction
    that makes the version.
    """
    of_project = select(projects.c.name).where(projects.c.row == project)
    wanted = f"{connection.execute(of_project).scalar_one()}-{version}"
    folder = output_folder(request)
    taken = {name for other, name in _same_names(connection, project, wanted) if other == folder}
    names = (wanted if number == 1 else f"{wanted}~{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _same_names(connection: Connection, project: int, wanted: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Folders and names of the versions of other projects whose PROJECT-VERSION is `wanted`."""
    parts = wanted.split("-")
    pairs = {("-".join(parts[:cut]), "-".join(parts[cut:])) for cut in range(1, len(parts))}
    query = (
        select(projects.c.name, table.c.name, table.c.request)
        .join(projects, projects.c.row == table.c.project)
        .where(projects.c.row != project)
        .where(projects.c.name.in_({of_project for of_project, _ in pairs}))
        .where(table.c.name.in_({of_version for _, of_version in pairs}))
    )
    for of_project, of_version, text in connection.execute(query):
        if (of_project, of_version) in pairs:
            request = json.loads(text)
            yield output_folder(request), output_name(of_project, of_version, request)
