"""`regard review`: who was found is judged by people, each by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsJson, AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_json, print_table, say
from regard.cli.signing_in import caller_of
from regard.errors import RegardError, ResourceNotFoundException
from regard.governance.examination.conclusions import KINDS
from regard.governance.examination.false_matches import ATTRIBUTES, TOLD
from regard.governance.examination.states import SURE
from regard.governance.sessions import is_fresh
from regard.presentation.sheets import candidate_table, draw_sheet, errors_table, rated_table, review_table

app = typer.Typer(help="Judge whom searches found, and see what became of it.", no_args_is_help=True)

ReviewId = Annotated[str, typer.Argument(metavar="REVIEW", help="The review, R-2026-000456.")]
Number = Annotated[int, typer.Argument(min=1, help="The candidate, as answers number it.")]
Reason = Annotated[str, typer.Option(help="Why.")]
_SCALE: Final = (
    "−3 surely another person, −2 probably another, −1 rather another, 0 can't be told, "
    "1 rather the same, 2 probably the same, 3 surely the same person"
)


@app.command("list")
def list_(
    case: Annotated[str | None, typer.Option("--case", help="Of this case alone.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """List the reviews that one may see."""
    chosen = {} if case is None else {"CaseId": case}
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        reviews = gate.all("list_reviews", "Reviews", **chosen)
    print_table(review_table(reviews))
    if not reviews:
        say("There is no review that you may see.")


@app.command("show")
def show(
    review: ReviewId,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Show a review: its candidates, and what is held of them."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        found = gate.call("get_review", ReviewId=review)
    if as_json:
        print_json(found)
        return
    print_table(candidate_table(found))
    say(f"{review} on {found['CaseId']} is {found['Status']}.")


@app.command("take")
def take(
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Where to write the sheet; REVIEW.png here.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the sheet when it is rated.")] = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Take the next sheet, and rate every face on it. Sign in with --as."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        review = gate.call("take_review")["ReviewId"]
        target = drawing or Path(f"{review}.png")
        faces = _draw(gate, review, target)
        try:
            whom = "the face" if faces == 1 else f"each of the {faces} faces"
            say(f"The sheet is {target}. Compare the probe with {whom} on it.")
            say(_SCALE)
            ratings = [_ask(number) for number in range(1, faces + 1)]
            if not typer.confirm("A rating stays as it is given. Is this yours?", err=True):
                raise RegardError("Nothing was rated; the sheet is yours for half an hour yet.")
            if not is_fresh(gate.caller):
                gate.caller = caller_of(gate.parts, key, person)
            rated = gate.call("put_ratings", ReviewId=review, Ratings=ratings)
        finally:
            if not keep:
                target.unlink(missing_ok=True)
    print_table(rated_table(rated))
    if rated["IsKnownAnswer"]:
        say("The answer of this sheet was known; how you did on such sheets is kept.")
    else:
        say(f"{review} is {rated['Status']}.")


@app.command("errors")
def errors(data: DataFolder = None, key: KeyFile = None, person: AsPerson = None) -> None:
    """Show how reviewers did on sheets whose answer is known, and who rates no more before a training."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        found = gate.all("list_proficiency", "Proficiency")
    print_table(errors_table(found))
    if not found:
        say("Nobody has rated a sheet whose answer is known.")


@app.command("withdraw")
def withdraw(
    review: ReviewId, reason: Reason, data: DataFolder = None, key: KeyFile = None, person: AsPerson = None
) -> None:
    """End a review that nobody has decided yet."""
    _act("withdraw_review", data, key, person, ReviewId=review, Reason=reason)
    say(f"{review} is withdrawn.")


@app.command("reopen")
def reopen(
    review: ReviewId, reason: Reason, data: DataFolder = None, key: KeyFile = None, person: AsPerson = None
) -> None:
    """Have leads and inconclusive candidates rated anew, by others."""
    _act("reopen_review", data, key, person, ReviewId=review, Reason=reason)
    say(f"{review} is open again.")


@app.command("evidence")
def evidence(
    review: ReviewId,
    number: Number,
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")],
    description: Annotated[str, typer.Option(help="What it says.")],
    independent: Annotated[
        bool, typer.Option("--independent/--from-the-search", help="Whether it comes from the search.")
    ],
    reference: Annotated[str | None, typer.Option(help="Where it is kept.")] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Add evidence about a lead."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        case = gate.call("get_review", ReviewId=review)["CaseId"]
        named = {} if reference is None else {"Reference": reference}
        made = gate.call(
            "add_evidence",
            CaseId=case,
            ReviewId=review,
            Number=number,
            Kind=kind,
            Description=description,
            Independent=independent,
            **named,
        )
    say(f"{made['EvidenceId']} is about candidate {number} of {review}.")


@app.command("confirm")
def confirm(
    review: ReviewId,
    number: Number,
    item: Annotated[list[str], typer.Option("--evidence", help="The evidence, E-2026-000012.")],
    reason: Reason,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Confirm a lead by evidence that is independent of the search."""
    request = {"ReviewId": review, "Number": number, "EvidenceIds": item, "Reason": reason}
    done = _act("confirm_candidate", data, key, person, **request)
    say(f"Candidate {number} of {review} is {done['Status']}.")


@app.command("dispute")
def dispute(
    review: ReviewId,
    number: Number,
    reason: Reason,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Dispute a lead, confirmed or not."""
    done = _act("dispute_candidate", data, key, person, ReviewId=review, Number=number, Reason=reason)
    say(f"Candidate {number} of {review} is {done['Status']}.")


@app.command("resolve")
def resolve(
    review: ReviewId,
    number: Number,
    outcome: Annotated[str, typer.Option(help="UPHELD or WRONG.")],
    reason: Reason,
    consequence: Annotated[
        str | None, typer.Option(help="What a wrong lead led to: NONE, STOP or ARREST.")
    ] = None,
    told: Annotated[
        list[str] | None, typer.Option(help=f"Who was told that it was wrong: {', '.join(TOLD)}.")
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ATTRIBUTE=GROUP",
            help=f"A group of whom it named ({', '.join(ATTRIBUTES)}), where the agency has recorded it.",
        ),
    ] = None,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """End a dispute."""
    chosen: dict[str, Any] = {} if consequence is None else {"Consequence": consequence}
    if told:
        chosen["Told"] = told
    if group:
        pairs = [one.partition("=") for one in group]
        chosen["Groups"] = [{"Attribute": name.upper(), "Group": value} for name, _, value in pairs]
    request = {"ReviewId": review, "Number": number, "Outcome": outcome, "Reason": reason, **chosen}
    done = _act("resolve_dispute", data, key, person, **request)
    say(f"Candidate {number} of {review} is {done['Status']}.")


def _act(
    operation: str, data: Path | None, key: Path | None, person: str | None, **request: Any
) -> dict[str, Any]:
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        return gate.call(operation, **request)


def _draw(gate: LocalGate, review: str, target: Path) -> int:
    """Writes the sheet that was taken, and answers how many faces are beside the probe."""
    sheet = gate.call("get_review_sheet", ReviewId=review)
    faces = [_picture(gate, review, number) for number in sheet["Candidates"]]
    probe = gate.call("get_review_picture", ReviewId=review, Number=sheet["Probe"])["Picture"]
    draw_sheet(probe, faces, target)
    return len(faces)


def _picture(gate: LocalGate, review: str, number: int) -> bytes | None:
    """None where the face was erased meanwhile."""
    try:
        return bytes(gate.call("get_review_picture", ReviewId=review, Number=number)["Picture"])
    except ResourceNotFoundException:
        return None


def _ask(number: int) -> dict[str, Any]:
    """What the reviewer says of one face."""
    value = typer.prompt(f"Face {number}, from -{SURE} to {SURE}", type=int, err=True)
    while not -SURE <= value <= SURE:
        value = typer.prompt(f"A whole number from -{SURE} to {SURE}", type=int, err=True)
    named = typer.prompt("  by which features (EARS, NOSE, …)", default="", show_default=False, err=True)
    note = typer.prompt("  note", default="", show_default=False, err=True).strip()
    features = [name.strip().upper() for name in named.replace(",", " ").split()]
    rating: dict[str, Any] = {"Number": number, "Value": value, "Features": features}
    return rating | ({"Note": note} if note else {})
