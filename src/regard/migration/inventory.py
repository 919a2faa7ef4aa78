"""All that a source has: its collections, and what of the rest can be made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from regard.errors import RegardError
from regard.migration.records import Inventory, Resource
from regard.migration.source import MigrationSource

_STREAM, _DATASET, _VERSION, _PROJECT, _BULK = (
    "stream processor",
    "data set",
    "model version",
    "project",
    "bulk analysis",
)


def read_inventory(source: MigrationSource) -> Inventory:
    """Reads it all, but for the faces themselves. Raises RegardError where collections can't be listed;
    what else the source refuses is noted in the inventory.
    """
    names = source.listed("list_collections", "CollectionIds")
    unread: list[str] = []
    return Inventory(
        endpoint=source.endpoint,
        collections=[source.collection(name) for name in names],
        resources=[
            *_readable(lambda: _streams(source), unread),
            *_readable(lambda: _projects(source), unread),
            *_readable(lambda: _bulk(source), unread),
        ],
        unread=unread,
    )


def _readable(read: Callable[[], Iterable[Resource]], unread: list[str]) -> list[Resource]:
    try:
        return list(read())
    except RegardError as error:
        unread.append(str(error))
        return []


def _streams(source: MigrationSource) -> Iterator[Resource]:
    for listed in source.listed("list_stream_processors", "StreamProcessors"):
        facts = source.call("describe_stream_processor", Name=listed["Name"])
        settings = facts.get("Settings", {})
        searched = settings.get("FaceSearch", {}).get("CollectionId")
        destination = facts.get("Output", {}).get("S3Destination", {}).get("Bucket")
        what = "ConnectedHome labels" if searched is None else f"faces of {searched}"
        yield Resource(
            kind=_STREAM,
            name=listed["Name"],
            anew=True,
            how=f"CreateStreamProcessor with the same settings ({what}); the video stream stays where it is.",
            buckets=() if destination is None else (destination,),
            facts={"Settings": settings, "Input": facts.get("Input", {}), "Output": facts.get("Output", {})},
        )


def _projects(source: MigrationSource) -> Iterator[Resource]:
    for project in source.listed("describe_projects", "ProjectDescriptions"):
        arn = project["ProjectArn"]
        name = arn.split("/")[1] if "/" in arn else arn
        versions = list(
            source.listed("describe_project_versions", "ProjectVersionDescriptions", ProjectArn=arn)
        )
        datasets = project.get("Datasets", [])
        manifests = {bucket for version in versions for bucket in _manifest_buckets(version)}
        anew = bool(datasets or manifests)
        feature = project.get("Feature", "CUSTOM_LABELS")
        yield Resource(
            kind=_PROJECT,
            name=name,
            anew=anew,
            how="CreateProject, then train on its data sets."
            if anew
            else "It has no data set and no manifest: nothing says what it was trained on.",
            buckets=tuple(sorted(manifests)),
            facts={"Feature": feature},
        )
        for dataset in datasets:
            yield _dataset(source, name, dataset)
        for version in versions:
            yield Resource(
                kind=_VERSION,
                name=f"{name}/{version.get('ProjectVersionArn', '').split('/version/')[-1].split('/')[0]}",
                anew=anew,
                how="Its weights can't leave; train anew on the same data sets." if anew else "Can't leave.",
                buckets=_output_buckets(version),
                facts={"Status": version.get("Status")},
            )


def _dataset(source: MigrationSource, project: str, dataset: Mapping[str, Any]) -> Resource:
    facts = source.call("describe_dataset", DatasetArn=dataset["DatasetArn"])["DatasetDescription"]
    stats = facts.get("DatasetStats", {})
    kind = dataset.get("DatasetType", "")
    return Resource(
        kind=_DATASET,
        name=f"{project}/{kind.lower()}",
        anew=True,
        how="ListDatasetEntries gives its manifest, which CreateDataset takes; pictures are where it says.",
        facts={"Entries": stats.get("TotalEntries", 0), "Labels": stats.get("TotalLabels", 0)},
    )


def _bulk(source: MigrationSource) -> Iterator[Resource]:
    for job in source.listed("list_media_analysis_jobs", "MediaAnalysisJobs"):
        bucket = job.get("OutputConfig", {}).get("S3Bucket")
        yield Resource(
            kind=_BULK,
            name=job.get("JobName") or job["JobId"],
            anew=False,
            how="A job that has run: its results are in its bucket, and stay there.",
            buckets=() if bucket is None else (bucket,),
            facts={"Status": job.get("Status")},
        )


def _manifest_buckets(version: Mapping[str, Any]) -> Iterator[str]:
    for part in ("TrainingDataResult", "TestingDataResult"):
        for asset in version.get(part, {}).get("Input", {}).get("Assets", ()):
            bucket = asset.get("GroundTruthManifest", {}).get("S3Object", {}).get("Bucket")
            if bucket is not None:
                yield bucket


def _output_buckets(version: Mapping[str, Any]) -> tuple[str, ...]:
    bucket = version.get("OutputConfig", {}).get("S3Bucket")
    return () if bucket is None else (bucket,)
