"""`regard video`: everything that can be told of a video file, in one pass."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsPerson, Case, DataFolder, KeyFile
from regard.cli.printing import print_table, say
from regard.cli.progress import share_bar
from regard.cli.video.choice import Choice, Wanted, choose
from regard.errors import RegardError
from regard.jobs.spool import ItemSpool
from regard.presentation.files import check_target, writing
from regard.presentation.tables import Table
from regard.presentation.video.annotated import SUFFIXES, draw_video
from regard.presentation.video.answers import AnswerInParts, write_answers
from regard.presentation.video.cutlist import has_cut_list, write_cut_list
from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.sightings import has_sightings
from regard.presentation.video.spreadsheet import write_spreadsheet
from regard.presentation.video.subtitles import has_subtitles, write_subtitles
from regard.presentation.video.summary import headline, summary
from regard.video.reading.limits import VideoLimits

_STDIN = _STDOUT = Path("-")
_MAX_ROWS = 20  # of a table


def video(
    file: Annotated[
        Path, typer.Argument(help="A video: MP4, MOV, MKV, AVI, MPEG and others; - for one that is piped in.")
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Everything that can be detected; also where nothing is named.")
    ] = False,
    faces: Annotated[bool, typer.Option("--faces", help="Faces.")] = False,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="With --faces: age, gender, expression and the rest.")
    ] = False,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="COLLECTION", help="Search for every face in a collection."),
    ] = None,
    persons: Annotated[bool, typer.Option("--persons", help="People, each followed.")] = False,
    labels: Annotated[bool, typer.Option("--labels", help="Objects and scenes.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Text.")] = False,
    moderation: Annotated[bool, typer.Option("--moderation", help="Explicit content.")] = False,
    celebrities: Annotated[bool, typer.Option("--celebrities", help="Your own celebrities.")] = False,
    segments: Annotated[bool, typer.Option("--segments", help="Shots and technical cues.")] = False,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Minimum similarity, percent; 80, or the purpose's floor."),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--json", help="Write Rekognition's answers as JSON; - prints them.")
    ] = None,
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the video with everything marked, as .mp4 or .mov.")
    ] = None,
    subtitles: Annotated[
        Path | None,
        typer.Option("--vtt", help="Write text and people as WebVTT: one .vtt, or two that begin so."),
    ] = None,
    spreadsheet: Annotated[Path | None, typer.Option("--csv", help="Write one row per finding.")] = None,
    cut_list: Annotated[
        Path | None, typer.Option("--edl", help="Write the shots as an edit decision list (CMX 3600).")
    ] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
    case: Case = None,
) -> None:
    """Tell everything of a video: people, faces, labels, text, shots, and all else that can be run."""
    _check_files(file, answers, drawing, subtitles, spreadsheet, cut_list)
    with local_gate(data, case, key=key, person=person) as gate:
        wanted = Wanted(
            everything=everything,
            faces=faces,
            search=search,
            persons=persons,
            labels=labels,
            text=text,
            moderation=moderation,
            celebrities=celebrities,
            segments=segments,
            attributes=attributes,
            threshold=threshold,
        )
        choice = choose(gate, wanted)
        _check_choice(choice.requests, drawing, subtitles, cut_list)
        aside = answers == _STDOUT
        with ItemSpool() as spool:
            found = _analyse(gate, choice, file, spool, case)
            written: list[Path] = []
            if answers is not None:
                written += _write_answers(gate, found, spool, answers)
            written += _write_exports(found, file, subtitles, spreadsheet, cut_list)
            sentences = list(choice.left_out)
            if drawing is not None:
                sentences += _draw(gate, found, file, drawing)
                written.append(drawing)
            if not aside:
                _print_summary(found, "Standard input" if file == _STDIN else file.name)
            for sentence in sentences:
                say(sentence, on_stderr=aside)
            if written:
                say("Written: " + ", ".join(map(str, written)), on_stderr=aside)


def _check_files(source: Path, answers: Path | None, drawing: Path | None, *others: Path | None) -> None:
    """What can be told before hours of work. Raises RegardError."""
    if source == _STDIN:
        if drawing is not None:
            raise RegardError("--draw reads the video once more: give a file in the place of -.")
        if sys.stdin.isatty():
            raise RegardError("Nothing is piped in: give a file in its place, or pipe a video in.")
    else:
        _check_readable(source)
    for target in (answers, drawing, *others):
        if target is not None and target != _STDOUT:
            check_target(target, source)
    if drawing is not None and drawing.suffix.lower() not in SUFFIXES:
        raise RegardError(f"{drawing} can't be written: give a file that ends with .mp4, .m4v or .mov.")


def _check_readable(source: Path) -> None:
    try:
        with source.open("rb"):
            pass
    except OSError as error:
        raise RegardError(f"{source} can't be read: {error.strerror}.") from error


def _check_choice(
    requests: Collection[str], drawing: Path | None, subtitles: Path | None, cut_list: Path | None
) -> None:
    """Raises RegardError where a file would have nothing to hold."""
    if cut_list is not None and not has_cut_list(requests):
        raise RegardError("--edl writes shots: give --segments too.")
    if subtitles is not None and not has_subtitles(requests):
        raise RegardError("--vtt writes text and people: give --text, --faces, --persons or --search too.")
    if drawing is not None and not has_sightings(requests):
        raise RegardError("--draw marks people, faces, objects and text: give one of their options too.")


def _analyse(
    gate: LocalGate, choice: Choice, file: Path, spool: ItemSpool, case: str | None
) -> VideoFindings:
    facts: dict[str, Mapping[str, Any]] = {name: {} for name in choice.requests}
    source = sys.stdin.buffer if file == _STDIN else file
    steps = gate.parts.gate.run_pass(choice.requests, source, gate.caller, case=case)
    with _telling("Analysing") as told, closing(steps):
        for found in steps:
            for operation, step in found.items():
                spool.add(operation, step.items)
                facts[operation] = step.facts or facts[operation]
            told(min(step.progress for step in found.values()))
    intervals = {name: gate.parts.gate.listing_of(name).interval for name in choice.requests}
    return VideoFindings(spool, facts, intervals)


def _write_answers(gate: LocalGate, found: VideoFindings, spool: ItemSpool, target: Path) -> list[Path]:
    answers = {
        gate.parts.gate.name_of(operation).replace("Start", "Get", 1): _answers(gate, operation, found, spool)
        for operation in sorted(found.ran)
    }
    if target == _STDOUT:
        write_answers(sys.stdout, answers)
        return []
    with writing(target) as stream:
        write_answers(stream, answers)
    return [target]


def _answers(
    gate: LocalGate, operation: str, found: VideoFindings, spool: ItemSpool
) -> dict[str, AnswerInParts]:
    """By view, what the Get operation answers without SortBy."""
    listing = gate.parts.gate.listing_of(operation)
    facts, by_key = found.facts[operation], listing.default == listing.key
    return {
        view: listing.answer(
            facts,
            spool.items(operation, view, by_key=by_key),
            partial(found.joined, operation, listing.joined or ""),
            sort=listing.default,
            view=view,
        )
        for view in listing.views
    }


def _write_exports(
    found: VideoFindings,
    source: Path,
    subtitles: Path | None,
    spreadsheet: Path | None,
    cut_list: Path | None,
) -> list[Path]:
    written: list[Path] = []
    if subtitles is not None:
        written += write_subtitles(found, subtitles)
    if spreadsheet is not None:
        write_spreadsheet(found, spreadsheet)
        written.append(spreadsheet)
    if cut_list is not None:
        written += write_cut_list(found, Path("standard input") if source == _STDIN else source, cut_list)
    return written


def _draw(gate: LocalGate, found: VideoFindings, source: Path, target: Path) -> list[str]:
    settings = gate.parts.settings
    limits = VideoLimits(settings.video_bytes, settings.video_minutes, settings.video_pixels)
    with _telling("Drawing") as told:
        outcome = draw_video(found, source, target, limits, told)
    return [outcome] if outcome else []


def _print_summary(found: VideoFindings, name: str) -> None:
    """Tables of what ran, each cut after some rows: the files have all of it."""
    say(headline(found, name))
    for section in summary(found):
        say("")
        say(section.title)
        rows = section.table.rows
        print_table(Table(section.table.headers, rows[:_MAX_ROWS]))
        if len(rows) > _MAX_ROWS:
            say(f"… and {len(rows) - _MAX_ROWS:,} more")
        if section.note:
            say(section.note)
    say("")


@contextmanager
def _telling(what: str) -> Iterator[Any]:
    """A bar on standard error, which is told how far it is, 0 to 1."""
    with share_bar(hidden=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=1.0, rate="")
        yield lambda share: progress.update(task, completed=share)
