"""What a Get operation answers of what an analysis found, whoever keeps it: a job, or a file of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regard.jobs.records import Item, Status

BY_TIME = "TIMESTAMP"


@dataclass(frozen=True, slots=True)
class ListedAnswer:
    """`members` of the answer, and beside them the list `lists` with its `elements`, which are read once."""

    members: dict[str, Any]
    lists: str
    elements: Iterator[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a Get operation answers: results of which Start operation, listed under which name, in which
    order.

    `interval` is the time in ms between the frames that are analysed, 0 for every frame. `key` is the SortBy
    that sorts by the items' keys, `default` the one without a SortBy. `has_views` says that AggregateBy
    chooses among views. `joined` is the view whose one item of a key belongs to every item that is listed
    under that key.
    """

    start: str
    lists: str
    interval: int
    key: str | None = None
    has_views: bool = False
    default: str = BY_TIME
    joined: str | None = None

    @property
    def views(self) -> tuple[str, ...]:
        """The values of AggregateBy; one that is empty where there is no such choice."""
        return ("TIMESTAMPS", "SEGMENTS") if self.has_views else ("",)

    def answer(
        self,
        facts: Mapping[str, Any],
        items: Iterable[Item],
        joined: Callable[[str], Mapping[str, Any]],
        *,
        sort: str,
        view: str,
        status: Status = Status.SUCCEEDED,
    ) -> ListedAnswer:
        """The answer that lists `items`, which are those of the view in the order of `sort`.

        `facts` are members that the analysis gave beside the list. `joined` gives, by an item's key, the
        members that it shares with every item of that key, or {}.
        """
        members: dict[str, Any] = {"JobStatus": status.value, **facts}
        if self.has_views:
            members["GetRequestMetadata"] = {"SortBy": sort, "AggregateBy": view}
        shared = joined if self.joined is not None else _nothing
        elements = ({**item.body, **shared(item.key)} for item in items)
        return ListedAnswer(members, self.lists, elements)


def _nothing(_: str) -> Mapping[str, Any]:
    return {}
