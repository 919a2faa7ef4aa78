"""`regard migrate videos`: films analysed by jobs here and elsewhere, and compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from regard.cli.printing import print_json, print_table, say
from regard.cli.source_options import Endpoint, Profile, Region
from regard.errors import RegardError
from regard.migration.source import MigrationSource
from regard.migration.videos.analyses import ANALYSES
from regard.migration.videos.records import FilmAddress
from regard.migration.videos.report import VideoReport
from regard.migration.videos.running import compare_films
from regard.presentation.migration.comparison import rows_table
from regard.presentation.migration.videos import films_table, video_document, video_sentences


def compare_videos(
    film: Annotated[list[str], typer.Argument(help="Films as s3://BUCKET/NAME, which both services read.")],
    here: Annotated[str, typer.Option("--here", help="URL of the Regard server.")],
    here_profile: Annotated[
        str | None, typer.Option("--here-profile", help="Profile with Regard's key; else as for the source.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help=f"One of {', '.join(ANALYSES)}; several times for several; else all."),
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long a film's jobs may take.")] = 60.0,
    endpoint: Endpoint = None,
    region: Region = None,
    profile: Profile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Analyse films by jobs at both services, wait for them, and say how what they found compares.

    The other service bills each analysis of each film.
    """
    analyses = list(dict.fromkeys(only or ANALYSES))
    unknown = [name for name in analyses if name not in ANALYSES]
    if unknown:
        raise RegardError(f"There is no analysis {unknown[0][:80]}; there are {', '.join(ANALYSES)}.")
    films = [FilmAddress.parse(text) for text in dict.fromkeys(film)]
    theirs = MigrationSource.connect(endpoint, region, profile)
    ours = MigrationSource.connect(here, region or "us-east-1", here_profile or profile)
    found = compare_films(films, analyses, theirs, ours, seconds=minutes * 60)
    report = VideoReport.of(list(found))
    if as_json:
        print_json(video_document(report, datetime.now(UTC)))
        return
    print_table(films_table(report))
    if report.rows:
        print_table(rows_table(report.rows))
    for sentence in video_sentences(report):
        say(sentence)
