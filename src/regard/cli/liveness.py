"""`regard liveness`: how often attacks are accepted and people are not, rendered ones or a site's own."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.printing import print_table, say
from regard.errors import RegardError
from regard.evaluation.liveness.portraits import read_portrait
from regard.evaluation.liveness.presentations import ATTACKS, PortraitSource, Species, render
from regard.evaluation.liveness.site_attempts import read_species, scored_attempts
from regard.evaluation.liveness.species_rates import ScoredPresentation, make_card
from regard.governance.rules.sources import records_in
from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.presentation.audits.liveness_tables import species_table
from regard.settings import Settings
from regard.video.recording import Recording
from regard.vision.image import ImageError
from regard.vision.liveness.card import LivenessCard
from regard.vision.liveness.challenge import ChallengeKind, draw_challenge
from regard.vision.liveness.light import measure_light
from regard.vision.liveness.scoring import light_score
from regard.vision.session import SessionPool, one_thread_each

app = typer.Typer(help="Measure what the evidence of Face Liveness is worth.", no_args_is_help=True)

_SIZE = (640, 480)  # px, of the rendered videos
_STRENGTHS = (0.2, 0.1, 0.05)  # the screen's light by the room's, of people
_ATTACKED = (0.1, 0.2, 0.5)  # the same, drawn for each attack
_FORMATS = {".jpg", ".jpeg", ".png"}


@app.callback()
def _group() -> None:
    """Measure what the evidence of Face Liveness is worth."""


@app.command()
def bench(
    folder: Annotated[Path, typer.Argument(help="Folder of portraits, JPEG and PNG; people differ.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the card is written.")],
    count: Annotated[int, typer.Option(min=1, help="Presentations of each species.")] = 300,
    seed: Annotated[int, typer.Option(help="Draws challenges, sway, noise and sequences.")] = 1,
) -> None:
    """Render presentations of people and of attacks, score their light, and write the card that it makes.

    All of it is simulation: no paper, no display and no camera was there. A card of it lets Confidence rise
    to 90 at most.
    """
    one_thread_each()
    sessions = SessionPool(install(find_pack(Settings.load().pack)).paths())
    people = _people(folder, sessions)
    scored = list(_scored(people, sessions, count, seed))
    data = f"{count} rendered presentations of each species, from portraits of {len(people)} people."
    _write(make_card(data, scored, is_simulated=True), out)


@app.command("card")
def site_card(
    attempts: Annotated[Path, typer.Argument(help="CSV file: session, species (`bona fide` for people).")],
    log: Annotated[Path, typer.Option("--log", help="What `regard audit export` printed.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the card is written.")],
) -> None:
    """Write the card of attempts that people made at this site, by what its audit log says of their light.

    A card of attempts before real cameras lets Confidence rise beyond 90.
    """
    species = read_species(attempts)
    scored = list(scored_attempts(species, (one.said for one in records_in(log))))
    if not any(one.is_attack for one in scored):
        raise RegardError(f"No attack of {attempts} came to a verdict in {log}; a card needs some.")
    _write(make_card(f"{len(scored)} attempts before cameras of this site.", scored, is_simulated=False), out)


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


def _scored(
    people: list[PortraitSource], sessions: SessionPool, count: int, seed: int
) -> Iterator[ScoredPresentation]:
    draws = random.Random(seed)  # noqa: S311 - a simulation
    for at in range(count):
        source = people[at % len(people)]
        for k in _STRENGTHS:
            name = f"{Species.BONA_FIDE}, {k:g}"
            yield ScoredPresentation(name, False, _score(Species.BONA_FIDE, source, sessions, k, draws))
        for species in ATTACKS:
            k = draws.choice(_ATTACKED)
            yield ScoredPresentation(species.value, True, _score(species, source, sessions, k, draws))


def _score(
    species: Species, source: PortraitSource, sessions: SessionPool, k: float, draws: random.Random
) -> float:
    challenge = draw_challenge(ChallengeKind.MOVEMENT_AND_LIGHT, *_SIZE, draws)
    attempt = render(species, source, challenge, k=k, seed=draws.getrandbits(32), moves=False)
    with Recording(sessions) as recording:
        recording.append(attempt.video)
        seen = recording.finish()
    light = measure_light(seen, challenge, attempt.report)
    return -math.inf if light is None else light_score(light)
