"""How a collection came over: a report that somebody signs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from regard.migration.checked import Completeness, MigrationCheck
from regard.presentation.numbers import percent, with_interval
from regard.presentation.pages import render
from regard.presentation.tables import Breaks, Header, Table, broken, numbers
from regard.presentation.wording import count


def check_table(check: MigrationCheck) -> Table:
    """What was counted at the source and here."""
    rows = [
        ["Faces", f"{check.source_faces:,}", f"{check.faces:,}"],
        ["of these with the same FaceId", "", f"{check.carried:,}"],
        ["of these with another ImageId or ExternalImageId", "", f"{check.changed:,}"],
        ["here alone", "", f"{check.added:,}"],
        ["Users", f"{check.source_users:,}", f"{check.users:,}"],
        ["Users with all their faces", f"{check.by_user.groups:,}", f"{check.by_user.whole:,}"],
        ["with some", "", f"{check.by_user.part:,}"],
        ["with none", "", f"{check.by_user.none:,}"],
        [
            "ExternalImageIds with all their faces",
            f"{check.by_external_id.groups:,}",
            f"{check.by_external_id.whole:,}",
        ],
        ["with some", "", f"{check.by_external_id.part:,}"],
        ["with none", "", f"{check.by_external_id.none:,}"],
    ]
    return Table([Header("", Breaks.WORDS), *numbers("Source", "Here")], rows)


def left_table(check: MigrationCheck) -> Table:
    """Why faces aren't here."""
    rows = [[reason, f"{number:,}"] for reason, number in check.left.items()]
    if check.unexplained:
        rows.append(["not tried, or erased since", f"{check.unexplained:,}"])
    return Table([Header("Reason", Breaks.WORDS), *numbers("Faces")], rows)


def incomplete_table(groups: Completeness) -> Table:
    """Who lacks faces, the first fifty."""
    rows = [[name, f"{source:,}", f"{here:,}"] for name, source, here in groups.incomplete]
    return Table([*broken("Name"), *numbers("Source", "Here")], rows)


def check_sentences(check: MigrationCheck) -> list[str]:
    """The result, in sentences."""
    if check.is_complete:
        first = f"{check.collection_id} is complete: every face of the source is here."
    else:
        missing = check.source_faces - check.carried
        first = f"{check.collection_id} is not complete: {count(missing, 'face')} of the source not here."
    searched = check.self_search
    if searched is None:
        return [first]
    return [
        first,
        f"Of {count(check.searched, 'random face')} that were searched for with their own vectors, "
        f"{check.found:,} were found: {with_interval(searched, percent)}.",
    ]


def check_document(check: MigrationCheck, made: datetime) -> dict[str, Any]:
    """The same for programs."""
    searched = check.self_search
    found = None if searched is None else {"rate": searched.value, "low": searched.low, "high": searched.high}
    return {**asdict(check), "complete": check.is_complete, "self_search": found, "made": made.isoformat()}


def check_page(check: MigrationCheck, made: datetime) -> str:
    """The report as a page that stands alone."""
    return render(
        "migration_check.html",
        title=f"Migration of {check.collection_id}",
        check=check,
        made=f"{made:%Y-%m-%d %H:%M} UTC",
        sentences=check_sentences(check),
        counts=check_table(check),
        left=left_table(check),
        users=incomplete_table(check.by_user),
        names=incomplete_table(check.by_external_id),
    )
