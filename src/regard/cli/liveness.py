"""`regard liveness`: how often attacks are accepted and people are not, rendered ones or a site's own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.printing import print_table, say
from regard.errors import RegardError
from regard.evaluation.liveness.portraits import read_portrait
from regard.evaluation.liveness.recapture_rates import card_of, measured_recapture
from regard.evaluation.liveness.rendered_bench import presentation_count, scored_portrait
from regard.evaluation.liveness.scenes import PortraitSource
from regard.evaluation.liveness.site_attempts import read_species, site_attempts
from regard.evaluation.liveness.species_rates import ScoredPresentation, make_card
from regard.governance.rules.sources import records_in
from regard.liveness.cards import recapture_adapter, recapture_network, try_recapture
from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.presentation.audits.liveness_tables import species_table
from regard.settings import Settings
from regard.video.recording import Recording
from regard.vision.image import ImageError
from regard.vision.liveness.card import LivenessCard
from regard.vision.liveness.recapture import RECAPTURE, RecaptureAdapter
from regard.vision.liveness.seen_frames import SeenVideo
from regard.vision.session import SessionPool, one_thread_each

app = typer.Typer(help="Measure what the evidence of Face Liveness is worth.", no_args_is_help=True)

_FORMATS = {".jpg", ".jpeg", ".png"}


@app.callback()
def _group() -> None:
    """Measure what the evidence of Face Liveness is worth."""


@app.command()
def bench(
    folder: Annotated[Path, typer.Argument(help="Folder of portraits, JPEG and PNG; people differ.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the card is written.")],
    count: Annotated[
        int | None, typer.Option(min=1, help="Of how many portraits, each once; of all if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws challenges, sway, noise and sequences.")] = 1,
) -> None:
    """Render presentations of people and of attacks, score their light, and write the card that it makes.

    All of it is simulation: no paper, no display and no camera was there. A card of it lets Confidence rise
    to 90 at most. Each person is presented once, and once as each attack: the bounds need presentations that
    are independent, which repeats of one portrait aren't. A person's screen gives a fifth, a tenth and a
    twentieth of the room's light by turns. A presentation takes about two seconds of one core.
    """
    one_thread_each()
    settings = Settings.load()
    try_recapture(settings)
    adapter = recapture_adapter(settings)
    optional = {RECAPTURE: lambda: recapture_network(settings)}
    sessions = SessionPool(install(find_pack(settings.pack)).paths(), optional=optional)
    people = _people(folder, sessions)
    presented = presentation_count(len(people), count)
    watch = partial(_watch, sessions=sessions)
    ask = partial(measured_recapture, adapter=adapter, runner=sessions)
    scored = [
        one
        for number in range(presented)
        for one in scored_portrait(people[number], watch, number, seed, ask)
    ]
    data = f"{len(scored):,} rendered presentations, of portraits of {presented} people."
    _write(make_card(data, scored, is_simulated=True, recapture=_moves(adapter)), out)
    _tell_recapture(scored)


@app.command("card")
def site_card(
    attempts: Annotated[Path, typer.Argument(help="CSV file: session, species (`bona fide` for people).")],
    log: Annotated[Path, typer.Option("--log", help="What `regard audit export` printed.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the card is written.")],
) -> None:
    """Write the card of attempts that people made at this site, by what its audit log says of their light.

    A card of attempts before real cameras lets Confidence rise beyond 90. An attack counts where it passed
    movement and identity and its light was scored; one that failed before tells nothing of light. A person
    always counts.
    """
    species = read_species(attempts)
    adapter = recapture_adapter(Settings.load())
    found = site_attempts(species, (one.said for one in records_in(log)), adapter)
    if not any(one.is_attack for one in found.scored):
        raise RegardError(f"No attack of {attempts} came to a score of light in {log}; a card needs some.")
    for name, left_out in found.left_out.items():
        say(f"Not counted of {name}: {left_out}, which failed at a gate or had no light to score.")
    _write(make_card(found.data, found.scored, is_simulated=False, recapture=_moves(adapter)), out)
    _tell_recapture(found.scored)


def _moves(adapter: RecaptureAdapter | None) -> str | None:
    return None if adapter is None else adapter.moves


def _tell_recapture(scored: Sequence[ScoredPresentation]) -> None:
    """What the description of the network against recaptures may say of it, where one was asked."""
    card = card_of(scored)
    if card is not None:
        say("The network against recaptures, for its description:")
        for line in card.splitlines():
            say(line)


def _write(card: LivenessCard, out: Path) -> None:
    out.write_text(card.to_json() + "\n", "utf-8")
    print_table(species_table(card))
    say(f"The card is in {out}.")


def _people(folder: Path, sessions: SessionPool) -> list[PortraitSource]:
    found = list[PortraitSource]()
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() not in _FORMATS:
            continue
        try:
            source = read_portrait(file.read_bytes(), sessions)
        except ImageError:
            continue
        if source is not None:
            found.append(source)
    if not found:
        raise RegardError(f"No picture in {folder} shows a face; name a folder of portraits.")
    return found


def _watch(video: bytes, sessions: SessionPool) -> SeenVideo:
    with Recording(sessions, counts_faces=False) as recording:
        recording.append(video)
        return recording.finish()
