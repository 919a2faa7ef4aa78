"""`regard migrate`: collections of Amazon Rekognition, carried over and compared."""

from __future__ import annotations

import csv
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.collections import create_collection
from regard.cli.local import LocalGate, local_gate
from regard.cli.migration_videos import compare_videos
from regard.cli.options import AsPerson, DataFolder
from regard.cli.printing import print_json, print_table, say, say_point
from regard.cli.progress import step_bars
from regard.cli.source_options import Endpoint, Profile, Region
from regard.errors import RegardError, ResourceNotFoundException
from regard.governance import purpose as purposes
from regard.migration.checked import MigrationCheck
from regard.migration.estimate import PictureSurvey
from regard.migration.iam import PolicyUse, iam_policy
from regard.migration.inventory import read_inventory
from regard.migration.mirror.delivery import DELIVERED, IN_PART
from regard.migration.mirror.mirror import FOLDER, open_journal
from regard.migration.places import PicturePlace
from regard.migration.records import Inventory, MigrationOutcome, SourceCollection
from regard.migration.shadow.journal import ComparisonJournal
from regard.migration.shadow.report import ShadowReport
from regard.migration.source import MigrationSource
from regard.presentation.files import writing
from regard.presentation.migration.check import (
    check_document,
    check_page,
    check_sentences,
    check_table,
    left_table,
)
from regard.presentation.migration.comparison import (
    comparison_document,
    comparison_page,
    comparison_sentences,
    comparison_table,
    disagreement_table,
    thresholds_table,
)
from regard.presentation.migration.plan import (
    NEVER,
    collection_table,
    plan_document,
    plan_sentences,
    resource_table,
)
from regard.presentation.wording import count
from regard.settings import Settings

app = typer.Typer(help="Leave AWS: carry collections over, and compare.", no_args_is_help=True)

_AWS_TAGS = "aws:"
_SAMPLE, _TIMED = 1000, 20

Name = Annotated[str, typer.Argument(metavar="COLLECTION", help="The collection, by its name at the source.")]
Images = Annotated[str, typer.Option(help="Where the pictures lie: s3://BUCKET/PREFIX or a folder.")]
Match = Annotated[
    str, typer.Option(help="What says which picture a face is of: external-id, object-key, or FILE.csv.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


app.command("videos")(compare_videos)


@app.command("plan")
def plan(
    images: Annotated[
        str | None, typer.Option(help="Where the pictures lie; some of them are timed, nobody is enrolled.")
    ] = None,
    match: Match = "external-id",
    endpoint: Endpoint = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Say what a source has, what of it can be made anew, how long that takes and how big it is."""
    place = None if images is None else PicturePlace.parse(images)
    source = MigrationSource.connect(endpoint, region, profile)
    inventory = read_inventory(source)
    with local_gate(data, has_models=place is not None, s3_endpoint=_s3(place)) as gate:
        dimension = gate.parts.face_models.default.dimension
        surveys = {} if place is None else _surveys(gate, source, inventory, place, match, as_json)
    if as_json:
        print_json(plan_document(inventory, surveys, dimension))
        return
    print_table(collection_table(inventory, surveys, dimension))
    print_table(resource_table(inventory))
    for sentence in plan_sentences(inventory, surveys):
        say(sentence)
    say("What can't be carried:")
    for sentence in NEVER:
        say_point(sentence)


@app.command("collection")
def collection(
    name: Name,
    images: Images,
    match: Match = "external-id",
    purpose: Annotated[
        str | None,
        typer.Option(help=f"What the collection is for here: {', '.join(purposes.PURPOSES)}."),
    ] = None,
    consent: Annotated[bool, typer.Option("--consent", help="Each face takes a consent.")] = False,
    retention_days: Annotated[
        int | None, typer.Option(min=1, max=99_999, help="Erase each face that many days after it came over.")
    ] = None,
    without_consent: Annotated[
        str | None,
        typer.Option(
            "--without-consent", help="For a strict purpose: by what right faces are kept without consent."
        ),
    ] = None,
    quality: Annotated[
        str, typer.Option("--quality", help="NONE, AUTO, LOW, MEDIUM or HIGH, as IndexFaces's QualityFilter.")
    ] = "AUTO",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Pictures that are read at a time.")] = 2,
    again: Annotated[
        bool, typer.Option("--again", help="Try those faces again that could not be carried.")
    ] = False,
    even_erased: Annotated[
        bool, typer.Option("--even-erased", help="Bring back whom somebody has erased here since.")
    ] = False,
    left: Annotated[
        Path | None, typer.Option("--left", help="Write the faces that were not carried here, as CSV.")
    ] = None,
    endpoint: Endpoint = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    person: AsPerson = None,
) -> None:
    """Enrol a collection's faces from their pictures, under their own ids, with their users and tags.

    Run it again to go on where it stopped; nothing is doubled, and the source is never written to.
    """
    if purpose is not None:
        purposes.parse(purpose)
    place = PicturePlace.parse(images)
    source = MigrationSource.connect(endpoint, region, profile)
    described = source.collection(name)
    own = {purposes.CONSENT_TAG: "required"} if consent else {}
    if retention_days is not None:
        own[purposes.RETENTION_TAG] = str(retention_days)
    with (
        local_gate(data, person=person, s3_endpoint=_s3(place)) as gate,
        step_bars(hidden=as_json) as report,
    ):
        _prepare(gate, described, purpose, own)
        request = {
            "CollectionId": name,
            "Source": described.arn,
            "Faces": list(source.faces(name)),
            "Users": list(source.users(name)),
            "Images": place,
            "Match": match,
            "QualityFilter": quality,
            "WithoutConsent": without_consent,
            "Again": again,
            "EvenErased": even_erased,
            "Workers": workers,
        }
        carried: MigrationOutcome = gate.long("migrate_faces", report, **request)["Migration"]
    if left is not None:
        _write_left(left, carried)
    if as_json:
        print_json(_carried_document(carried))
        return
    _tell(name, carried, again)


@app.command("check")
def check(
    name: Name,
    html: Annotated[Path | None, typer.Option(help="Write the report to sign as a page.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Faces that are searched for.")] = _SAMPLE,
    seed: Annotated[int | None, typer.Option(help="Draws the same faces again.")] = None,
    endpoint: Endpoint = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    person: AsPerson = None,
) -> None:
    """Compare a collection with its source: counts, users, names, and a search for random faces."""
    source = MigrationSource.connect(endpoint, region, profile)
    request = {
        "CollectionId": name,
        "Source": source.collection(name).arn,
        "Faces": list(source.faces(name)),
        "Users": list(source.users(name)),
        "Sample": sample,
        "Seed": secrets.randbits(32) if seed is None else seed,
    }
    with (
        local_gate(data, existing=True, has_models=False, person=person) as gate,
        step_bars(hidden=as_json) as report,
    ):
        found: MigrationCheck = gate.long("check_migration", report, **request)["Check"]
    made = datetime.now(UTC)
    if html is not None:
        with writing(html) as page:
            page.write(check_page(found, made))
    if as_json:
        print_json(check_document(found, made))
        return
    print_table(check_table(found))
    print_table(left_table(found))
    for sentence in check_sentences(found):
        say(sentence)


@app.command("report")
def report(
    html: Annotated[Path | None, typer.Option(help="Write it as a page that stands alone.")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Say how the answers of `regard serve --shadow` compare with the other service's."""
    found = ShadowReport.of(ComparisonJournal(Settings.load(data=data).data).entries())
    made = datetime.now(UTC)
    if html is not None:
        with writing(html) as page:
            page.write(comparison_page(found, made))
    if as_json:
        print_json(comparison_document(found, made))
        return
    for sentence in comparison_sentences(found):
        say(sentence)
    for table in (comparison_table(found), thresholds_table(found), disagreement_table(found)):
        print_table(table)


@app.command("mirror")
def mirror(as_json: AsJson = False, data: DataFolder = None) -> None:
    """Say what became of the changes that `regard serve --mirror` makes at the other service."""
    folder = Settings.load(data=data).data
    outcomes = Counter(str(entry["outcome"]) for entry in open_journal(folder).entries())
    waiting = len(list((folder / FOLDER).glob("*.json")))
    if as_json:
        print_json({"waiting": waiting, "outcomes": outcomes})
        return
    say(f"{count(outcomes[DELIVERED], 'change')} were made there, {waiting:,} wait.")
    for outcome, number in outcomes.items():
        if outcome.startswith(IN_PART):
            say_point(f"{count(number, 'change')} made there {outcome}.")
        elif outcome != DELIVERED:
            say_point(f"{count(number, 'change')} not made there: {outcome}.")


@app.command("policy")
def policy(
    use: Annotated[PolicyUse, typer.Argument(help="What the credentials are for.")],
    collection_arn: Annotated[
        list[str] | None, typer.Option(help="ARN of a collection, several times for several; else all.")
    ] = None,
    bucket: Annotated[
        list[str] | None,
        typer.Option(help="A bucket whose pictures requests name; several times for several."),
    ] = None,
) -> None:
    """Print the IAM policy that credentials at AWS need, and no more."""
    print_json(iam_policy(use, collection_arn or [], bucket or []))


def _prepare(
    gate: LocalGate, described: SourceCollection, purpose: str | None, own: Mapping[str, str]
) -> None:
    """Makes the collection where there is none, with the source's tags and those that protect people.

    Raises RegardError where nothing says what it is for.
    """
    name = described.collection_id
    try:
        gate.call("describe_collection", CollectionId=name)
    except ResourceNotFoundException as error:
        if purpose is None:
            raise RegardError(
                f"Say what {name} is for here (--purpose), and, where people are to be asked or forgotten, "
                "--consent and --retention-days: AWS's collections have no purpose."
            ) from error
        theirs = {key: value for key, value in described.tags.items() if not key.startswith(_AWS_TAGS)}
        kept = {key: value for key, value in theirs.items() if key != purposes.TAG}
        create_collection(gate, name, purpose, {**kept, **own})
        return
    if purpose is not None or own:
        raise RegardError(
            f"{name} is there already: its purpose and its tags are what they are. Leave out --purpose, "
            "--consent and --retention-days, or change them with TagResource."
        )


def _surveys(
    gate: LocalGate,
    source: MigrationSource,
    inventory: Inventory,
    place: PicturePlace,
    match: str,
    as_json: bool,
) -> dict[str, PictureSurvey]:
    found = {}
    with step_bars(hidden=as_json) as report:
        for one in inventory.collections:
            answer = gate.long(
                "survey_migration",
                report,
                Source=one.arn,
                Faces=list(source.faces(one.collection_id)),
                Images=place,
                Match=match,
                Sample=_TIMED,
                Seed=0,
            )
            found[one.collection_id] = answer["Survey"]
    return found


def _s3(place: PicturePlace | None) -> str | None:
    """AWS's own S3 for pictures in a bucket, unless the settings say where buckets are."""
    in_bucket = place is not None and place.folder is None
    return "aws" if in_bucket and Settings.load().s3_endpoint is None else None


def _tell(name: str, carried: MigrationOutcome, again: bool) -> None:
    here = carried.enrolled + carried.known
    say(
        f"{here:,} of {count(carried.faces, 'face')} are in {name}, {carried.enrolled:,} of them new; "
        f"{carried.associated:,} are with {count(carried.users, 'user')}."
    )
    if carried.full:
        say(f"{count(carried.full, 'user')} had more faces than a user may have here.")
    if carried.users_erased:
        say(f"{count(carried.users_erased, 'user')} were erased here since, and stay so.")
    for reason, number in carried.reasons().items():
        say_point(f"{count(number, 'face')}: {reason}.")
    if carried.left and not again:
        say("Those are passed over next time, unless --again is given; --left FILE.csv lists them.")


def _write_left(file: Path, carried: MigrationOutcome) -> None:
    with writing(file) as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["face_id", "reason"])
        rows.writerows((face_id, reason.value) for face_id, reason in carried.left.items())


def _carried_document(carried: MigrationOutcome) -> dict[str, Any]:
    return {
        "faces": carried.faces,
        "enrolled": carried.enrolled,
        "known": carried.known,
        "left": carried.reasons(),
        "users": carried.users,
        "associated": carried.associated,
        "full": carried.full,
        "users_erased": carried.users_erased,
    }
