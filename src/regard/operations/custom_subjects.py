"""What requests of custom labels are about: a project or a data set, by its ARN."""

from __future__ import annotations

from sqlalchemy import Connection

from regard.context import Kind, Subject
from regard.custom.datasets import find_dataset
from regard.custom.projects import find_project
from regard.custom.resources import is_dataset, is_project, is_version, resource_of
from regard.custom.versions import find_version
from regard.settings import Settings


def custom_arn(settings: Settings, resource: str) -> str:
    """The ARN of a project, or of what is in one, by its last part."""
    return f"arn:aws:rekognition:{settings.region}:{settings.account}:{resource}"


def subject_in_project(arn: str, connection: Connection, settings: Settings) -> Subject | None:
    """The project or the data set of an ARN, as it is now; None where the ARN is of another kind."""
    resource = resource_of(arn)
    if resource is None:
        return None
    named = custom_arn(settings, resource)
    if is_project(resource):
        return Subject(Kind.PROJECT, name=resource, arn=named, project=find_project(connection, arn))
    if is_dataset(resource):
        return Subject(Kind.DATASET, name=resource, arn=named, dataset=find_dataset(connection, arn))
    if is_version(resource):
        version = find_version(connection, resource)
        return Subject(Kind.PROJECT_VERSION, name=resource, arn=named, project_version=version)
    return None
