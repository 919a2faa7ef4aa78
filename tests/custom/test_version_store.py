"""Versions and models in the database, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update
from tests.postgres import Place

from regard.app import Parts
from regard.caller import Caller
from regard.custom.models import CustomModels
from regard.custom.projects import Projects
from regard.custom.version_records import BucketObject, Made, NewVersion, ProjectVersion, VersionStatus
from regard.custom.versions import ProjectVersions, follow_end, keep_made
from regard.errors import LimitExceededException, ResourceInUseException, ResourceNotFoundException
from regard.jobs.records import NewJob
from regard.jobs.store import JobStore
from regard.operations.custom_labels.running import stop_idle
from regard.operations.custom_labels.training.artefacts import Artefact, OutputFolder
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import custom_models

SOMEBODY = Caller("K", "somebody", "admin")
HOUR = 3_600_000
MINUTES = 300_000


@pytest.fixture
def database(place: Place) -> Database:
    return place.open()


@pytest.fixture
def jobs(database: Database) -> JobStore:
    return JobStore(database, ended=follow_end)


@pytest.fixture
def versions(database: Database, jobs: JobStore) -> ProjectVersions:
    return ProjectVersions(database, jobs, limit=2)


def make(versions: ProjectVersions, database: Database, name: str = "v1") -> ProjectVersion:
    """A version in training, of the one project that there is."""
    projects = Projects(database)
    found = projects.page(after=0, limit=1)
    project = found[0] if found else projects.create("pets")
    created = milliseconds()
    new = NewVersion(
        f"project/pets/version/{name}/{created}", project.row, name, created, SOMEBODY, {"Datasets": {}}
    )
    job = NewJob("create_project_version", {}, "r", SOMEBODY)
    return versions.create(new, job, tags={"team": "pets"})


def complete(versions: ProjectVersions, version: ProjectVersion, model: str) -> ProjectVersion:
    place = BucketObject("b", "n")
    made = Made(
        training={},
        testing={},
        f1=0.5,
        summary=place,
        manifest_summary=place,
        use_case="IMAGE_LEVEL_LABELS",
        model=model,
        backbone="b",
        billable_ms=1500,
    )
    with versions.database.write() as connection:
        keep_made(connection, version.job_id, made)
    return versions.get(version.resource)


def test_a_version_and_its_job_are_made_together_or_not_at_all(
    versions: ProjectVersions, database: Database, jobs: JobStore
) -> None:
    make(versions, database)
    with pytest.raises(ResourceInUseException, match="named v1"):
        make(versions, database)
    make(versions, database, "v2")
    with pytest.raises(LimitExceededException, match="Maximum limit: 2"):
        make(versions, database, "v3")
    assert len(jobs.page(limit=10)) == 2


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (("b", "out"), "a-b-c~2"),
        (("b", "/out/"), "a-b-c~2"),
        (("b", ""), "a-b-c"),
        (("other", "out"), "a-b-c"),
    ],
)
def test_of_versions_whose_objects_would_have_the_same_names_the_later_one_has_others(
    versions: ProjectVersions, database: Database, folder: tuple[str, str], expected: str
) -> None:
    def named(project: str, name: str, *place: str) -> ProjectVersion:
        config = dict(zip(("S3Bucket", "S3KeyPrefix"), place, strict=True))
        request = {"VersionName": name, "OutputConfig": config, "Datasets": {}}
        row, created = Projects(database).create(project).row, milliseconds()
        resource = f"project/{project}/version/{name}/{created}"
        new = NewVersion(resource, row, name, created, SOMEBODY, request)
        return versions.create(new, NewJob("create_project_version", {}, "r", SOMEBODY), tags={})

    first, second = named("a", "b-c", "b", "out"), named("a-b", "c", *folder)
    summaries = [OutputFolder.of(one).place(Artefact.EVALUATION_SUMMARY) for one in (first, second)]
    assert summaries[0] == BucketObject("b", "out/EvaluationResultSummary-a-b-c.json")
    assert summaries[1].name.removeprefix("out/") == f"EvaluationResultSummary-{expected}.json"
    assert summaries[0] != summaries[1]


def test_a_job_that_fails_or_is_cancelled_has_its_version_failed(
    versions: ProjectVersions, database: Database, jobs: JobStore
) -> None:
    version = make(versions, database)
    job = jobs.find(version.job_id)
    assert job is not None
    assert jobs.cancel(job, "The training was stopped.")
    failed = versions.get(version.resource)
    assert (failed.status, failed.message) == (VersionStatus.TRAINING_FAILED, "The training was stopped.")
    assert complete(versions, version, "m").status is VersionStatus.TRAINING_FAILED


def test_a_version_goes_its_way(versions: ProjectVersions, database: Database) -> None:
    version = make(versions, database)
    for refused in (lambda: versions.delete(version), lambda: versions.start(version, SOMEBODY, (1, None))):
        with pytest.raises(ResourceInUseException, match="TRAINING_IN_PROGRESS"):
            refused()
    done = complete(versions, version, "m")
    assert (done.status, done.f1, done.model) == (VersionStatus.TRAINING_COMPLETED, 0.5, "m")
    versions.start(done, SOMEBODY, (2, 5))
    running = versions.get(version.resource)
    assert (running.status, running.min_units, running.max_units) == (VersionStatus.RUNNING, 2, 5)
    assert [one.name for one in versions.running(before=milliseconds() + 1)] == ["v1"]
    with pytest.raises(ResourceInUseException, match="RUNNING"):
        versions.delete(running)
    with database.write(turn=Turn.AUDIT) as connection:
        versions.stop_within(connection, running)
    versions.delete(running)
    with pytest.raises(ResourceNotFoundException):
        versions.get(version.resource)


def test_a_model_is_erased_once_no_version_has_it(versions: ProjectVersions, database: Database) -> None:
    models = CustomModels(database)
    kept, left = models.put(b"kept"), models.put(b"left")
    complete(versions, make(versions, database), kept)
    assert models.erase_unnamed(milliseconds()) == 0  # the row that names it may be on its way
    assert models.erase_unnamed(milliseconds() + HOUR + 1) == 1
    assert models.get(kept) == b"kept"
    with database.write() as connection:
        connection.execute(update(custom_models).values(content=b"changed"))
    for digest in (kept, left):
        with pytest.raises(Exception, match="gone from the database, or damaged"):
            models.get(digest)


def test_a_version_that_nobody_asks_is_stopped_and_the_log_says_so(parts: Parts) -> None:
    stores, settings = parts.stores, replace(parts.settings, custom_idle_hours=2)
    versions = stores.custom.versions
    forgotten = complete(versions, make(versions, parts.database, "forgotten"), "m")
    wanted = complete(versions, make(versions, parts.database, "wanted"), "n")
    for one in (forgotten, wanted):
        versions.start(one, SOMEBODY, (1, None))
    later = milliseconds() + 2 * HOUR
    versions.note_asked(versions.get(wanted.resource), later)
    assert stop_idle(stores, parts.settings, later + 1) == 0  # unless a setting says so
    assert stop_idle(stores, settings, later + 1000) == 1
    assert versions.get(forgotten.resource).status is VersionStatus.STOPPED
    assert versions.get(wanted.resource).status is VersionStatus.RUNNING
    counted, stopped = list(parts.audit.export())[-2:]
    assert counted["units"]["inference_ms"] > HOUR
    assert (stopped["operation"], stopped["key"]) == ("StopIdleVersion", "upkeep")
    assert stopped["version"].endswith(forgotten.resource)


def test_what_is_asked_again_and_again_is_noted_once_in_minutes(
    versions: ProjectVersions, database: Database
) -> None:
    version = complete(versions, make(versions, database), "m")
    now = milliseconds()
    versions.note_asked(version, now)
    for later, noted in ((now + 1000, now), (now + 2 * MINUTES, now + 2 * MINUTES)):
        versions.note_asked(versions.get(version.resource), later)
        assert versions.get(version.resource).asked == noted
