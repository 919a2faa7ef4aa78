"""Every operation's declaration says all that its API's shapes show. Nothing here knows one by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from regard.api.model import REGARD, REKOGNITION, load_api
from regard.app import Parts
from regard.context import Kind
from regard.gate import Gate
from regard.jobs.records import Item
from regard.operations import OPERATIONS, Operation
from regard.operations.operation import table
from regard.operations.subjects import NOTHING
from regard.operations.withholding import withhold_found

SHAPES = {**load_api(REKOGNITION).operations, **load_api(REGARD).operations}
DECLARED = [
    one for one in OPERATIONS.values() if not one.is_local and not one.is_streamed
]  # which have no shapes
SUBJECTS = {
    "CollectionId",
    "JobId",
    "ResourceArn",
    "SessionId",
    "ProjectArn",
    "DestinationProjectArn",
    "ProjectVersionArn",
    "DatasetArn",
}
# The API's structures that say how alike two faces are, and the member that does.
ALIKE = {
    "FaceMatch": "Similarity",
    "UserMatch": "Similarity",
    "CompareFacesMatch": "Similarity",
    "Celebrity": "MatchConfidence",
    "CelebrityDetail": "Confidence",
    "UnsuccessfulFaceAssociation": "Confidence",
    "StreamMatch": "Similarity",
}
BELOW, ABOVE = 95.0, 99.5  # the floor of strict purposes is 99


def named(operations: list[Operation]) -> Any:
    return pytest.mark.parametrize("operation", operations, ids=lambda one: one.name)


def members(shape: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every member of a structure, in whatever structures and lists, with the way to it."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield (*path, name), member
            yield from members(member, (*path, name))
    elif shape.type_name == "list":
        yield from members(shape.member, path)


def alike(shape: Any) -> set[tuple[str, ...]]:
    """The ways to every number of an answer that says how alike two faces are."""
    found = set()
    for path, member in members(shape):
        inner = member.member if member.type_name == "list" else member
        if inner.name in ALIKE:
            found.add((*path, ALIKE[inner.name]))
    return found


def made(shape: Any, alike_by: float) -> Any:
    """An answer of that shape in which everybody is alike by so much; lists have one element."""
    match shape.type_name:
        case "structure":
            answer = {name: made(member, alike_by) for name, member in shape.members.items()}
            if shape.name in ALIKE:
                answer[ALIKE[shape.name]] = alike_by
            return answer
        case "list":
            return [made(shape.member, alike_by)]
        case "string":
            return "x"
        case "integer" | "long":
            return 1
        case "float" | "double":
            return 50.0
        case "boolean":
            return True
        case _:
            return {}


def numbers(value: Any, path: tuple[str, ...]) -> list[float]:
    """What stands at the end of a path through structures and lists."""
    if isinstance(value, list):
        return [number for one in value for number in numbers(one, path)]
    if not path:
        return [value]
    return numbers(value[path[0]], path[1:]) if path[0] in value else []


def smallest(shape: Any) -> dict[str, Any]:
    """A request with the members that are required, and no more."""
    return {name: made(shape.members[name], BELOW) for name in shape.required_members}


@named(DECLARED)
def test_what_a_request_is_about_is_declared(operation: Operation) -> None:
    paths = [path for path, _ in members(SHAPES[operation.key].input) if path[-1] in SUBJECTS]
    declared = [] if operation.about is NOTHING else [operation.about.member]
    if operation.about.kind is Kind.STREAM:  # which is named by its Name, as other members are
        declared = [operation.about.searched] if operation.about.searched else []
        assert operation.about.member[0] in SHAPES[operation.key].input.members
    if operation.about.member[-1:] == ("Arn",):  # one of a list of data sets
        declared = []
    copied = ("DatasetSource", "DatasetArn")  # which CreateDataset asks the right to list for
    assert [path for path in paths if path != copied] == declared


@named(DECLARED)
def test_a_threshold_of_a_request_is_declared(operation: Operation) -> None:
    ends = ("MatchThreshold", "SimilarityThreshold")
    paths = [path for path, _ in members(SHAPES[operation.key].input) if path[-1].endswith(ends)]
    rule = operation.matches
    assert paths == ([] if rule is None or rule.parameter is None else [(*rule.within, rule.parameter)])


@named(DECLARED)
def test_whatever_says_how_alike_people_are_is_declared(operation: Operation) -> None:
    shown = operation.shows
    declared = set() if shown is None or operation.analysis else {(*shown.lists, *shown.number)}
    assert alike(SHAPES[operation.key].output) == declared


def released(parts: Parts, operation: Operation, alike_by: float, purpose: str) -> dict[str, Any]:
    """What leaves the gate of a made answer."""
    answer = made(SHAPES[operation.key].output, alike_by)
    stub = replace(operation, run=lambda _ctx, _request: answer, sets_purpose=None, rights=None)
    gate = Gate(
        parts.settings,
        parts.models,
        parts.face_models,
        parts.stores,
        parts.audit,
        table((stub,)),
        unbuilt={},
    )
    caller = parts.keys.create(f"{operation.key}-{alike_by}-{purpose}", "operator", purpose=purpose).holder
    return gate.call(operation.key, smallest(SHAPES[operation.key].input), caller)


@named(DECLARED)
def test_no_answer_shows_a_match_below_the_floor_of_a_strict_purpose(
    parts: Parts, operation: Operation
) -> None:
    above = [] if operation.shows is not None and operation.shows.keeps_entry else [ABOVE]
    for path in alike(SHAPES[operation.key].output):
        assert numbers(released(parts, operation, BELOW, "access-control"), path) == []
        assert numbers(released(parts, operation, ABOVE, "access-control"), path) == above
        assert numbers(released(parts, operation, BELOW, "general"), path) == [BELOW]


@named([one for one in OPERATIONS.values() if one.analysis and one.shows])
def test_no_analysis_hands_over_a_match_below_the_floor(operation: Operation) -> None:
    shown = operation.shows
    assert shown is not None
    shows_it = next(one for one in DECLARED if one.shows == shown and not one.analysis)
    for alike_by, kept in ((BELOW, []), (ABOVE, [ABOVE])):
        answer = made(SHAPES[shows_it.key].output, alike_by)
        items = [Item(0, "", body) for body in answer[shown.lists[0]]]
        bodies = [item.body for item in withhold_found(shown, items, 99.0)]
        assert numbers(bodies, (*shown.lists[1:], *shown.number)) == kept


def test_two_operations_of_one_name_are_refused() -> None:
    one = DECLARED[0]
    with pytest.raises(ValueError, match="declared twice"):
        table((one,), (replace(one),))
