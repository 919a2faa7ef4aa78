"""`regard people`: who acts in this installation, in which roles, trained in what."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import segno
import typer

from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder
from regard.cli.printing import print_table, say
from regard.cli.welcome_link import welcome_link
from regard.errors import RegardError
from regard.governance.permissions import ROLES
from regard.governance.training import KINDS, TOPICS
from regard.presentation.tables import Table, broken, whole
from regard.settings import Settings

app = typer.Typer(help="Add people, give them roles, record their training.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The person, by name or id.")]
Roles = Annotated[
    list[str], typer.Option("--role", help=f"One of {', '.join(ROLES)}. Give it once for each role.")
]


@app.command("add")
def add(name: Name, role: Roles, data: DataFolder = None, person: AsPerson = None) -> None:
    """Add a person."""
    with local_gate(data, has_models=False, person=person) as gate:
        made = gate.call("create_person", Name=name, Roles=role)
    say(f"{name} is {made['PersonId']}, {' and '.join(made['Roles'])}.")
    say(f"Next: regard people factor {name}; a key: regard keys create NAME --role ROLE --person {name}.")


@app.command("invite")
def invite(
    name: Name,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="Of somebody new; once for each role.")
    ] = None,
    data: DataFolder = None,
    person: AsPerson = None,
) -> None:
    """Make a link by which somebody comes to sign in to the console."""
    with local_gate(data, has_models=False, person=person) as gate:
        if role:
            gate.call("create_person", Name=name, Roles=role)
        made = gate.call("invite_person", PersonId=name)
    say(welcome_link(Settings.load(data=data), made["Code"]))
    say(f"It is for {name} alone, good once and until {made['Expires']:%Y-%m-%d %H:%M} UTC.", on_stderr=True)


@app.command("list")
def list_(data: DataFolder = None) -> None:
    """List the people, with what they are trained in."""
    with local_gate(data, existing=True, has_models=False) as gate:
        people = gate.all("list_people", "People")
        training = {one["PersonId"]: _valid(gate, one["PersonId"]) for one in people}
    rows = [
        (
            one["PersonId"],
            one["Name"],
            ", ".join(one["Roles"]),
            training[one["PersonId"]],
            "suspended" if "Suspended" in one else "active",
        )
        for one in people
    ]
    suspended = frozenset(place for place, one in enumerate(people) if "Suspended" in one)
    print_table(
        Table([*whole("Person"), *broken("Name", "Roles", "Trained"), *whole("State")], rows, suspended)
    )
    if not rows:
        say("There is nobody yet; regard people add makes somebody.")


@app.command("roles")
def roles(name: Name, role: Roles, data: DataFolder = None, person: AsPerson = None) -> None:
    """Give somebody these roles and no others."""
    with local_gate(data, existing=True, has_models=False, person=person) as gate:
        changed = gate.call("set_roles", PersonId=name, Roles=role)
    say(f"{changed['Name']} is {' and '.join(changed['Roles'])} now.")


@app.command("train")
def train(
    name: Name,
    kind: Annotated[str, typer.Option(help=f"What for: {' or '.join(KINDS)}.")],
    course: Annotated[str, typer.Option(help="What the course is called.")],
    topic: Annotated[
        list[str], typer.Option("--topic", help=f"What it covered; all of {', '.join(TOPICS)} are needed.")
    ],
    completed: Annotated[str, typer.Option(help="The day of its end, as 2026-11-29.")],
    until: Annotated[
        str | None, typer.Option(help="When another is needed, if sooner than the rules say.")
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="Its certificate, whose digest is kept.")] = None,
    data: DataFolder = None,
    person: AsPerson = None,
) -> None:
    """Record what somebody was trained in. It is valid from now on."""
    more: dict[str, Any] = {} if until is None else {"Until": _day(until)}
    if certificate is not None:
        more["Digest"] = _digest(certificate)
    with local_gate(data, existing=True, has_models=False, person=person) as gate:
        made = gate.call(
            "record_training",
            PersonId=name,
            Kind=kind,
            Topics=topic,
            Course=course,
            Completed=_day(completed),
            **more,
        )
    say(f"{name} may {kind} until {made['Until']:%Y-%m-%d} ({made['TrainingId']}).")


@app.command("factor")
def factor(name: Name, data: DataFolder = None) -> None:
    """Set up somebody's second factor: they scan the code with an authenticator program."""
    with local_gate(data, existing=True, has_models=False) as gate:
        uri = gate.call("set_up_second_factor", PersonId=name)["Uri"]
    if sys.stdout.isatty():
        segno.make(uri, error="m").terminal(compact=True)
    say(f"secret = {parse_qs(urlsplit(uri).query)['secret'][0]}")
    say(uri)
    say("It is shown this once. Whoever sees it can act as this person.", on_stderr=True)


@app.command("reset-factor")
def reset_factor(name: Name, data: DataFolder = None, person: AsPerson = None) -> None:
    """Forget what somebody signs in with and end their sessions."""
    with local_gate(data, existing=True, has_models=False, person=person) as gate:
        gate.call("reset_second_factor", PersonId=name)
    say(f"{name} has no second factor now.")


@app.command("suspend")
def suspend(name: Name, data: DataFolder = None, person: AsPerson = None) -> None:
    """Stop somebody's keys, sessions and jobs at once, in every running server."""
    with local_gate(data, existing=True, has_models=False, person=person) as gate:
        gate.call("suspend_person", PersonId=name)
    say(f"{name} is suspended.")


@app.command("resume")
def resume(name: Name, data: DataFolder = None, person: AsPerson = None) -> None:
    """Let the keys of somebody who was suspended be used again."""
    with local_gate(data, existing=True, has_models=False, person=person) as gate:
        gate.call("resume_person", PersonId=name)
    say(f"{name} is active again.")


def _valid(gate: Any, person_id: str) -> str:
    """What somebody may do by their training, and until when."""
    now = datetime.now(UTC)
    until: dict[str, datetime] = {}
    for one in gate.all("list_training", "Training", PersonId=person_id):
        if one["Until"] > now:
            until[one["Kind"]] = max(one["Until"], until.get(one["Kind"], one["Until"]))
    return ", ".join(f"{kind} until {end:%Y-%m-%d}" for kind, end in until.items()) or "–"


def _day(text: str) -> datetime:
    """When a day begins where it is typed; elsewhere it may be another by then."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise RegardError(f"{text} is no day; write it as 2026-11-29.") from error


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
