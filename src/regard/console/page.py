"""A page, declared once: its address, whom it is for, what it shows and what one can do there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from regard.console.page_lanes import PageLane
from regard.governance.permissions import ROLES

if TYPE_CHECKING:
    from regard.console.visit import PageVisit

EVERYBODY: Final = frozenset(ROLES)
"""The roles of a page for all who are signed in."""


@dataclass(frozen=True, slots=True)
class PageView:
    """A template with its values. `data` is what a program gets that accepts JSON: members as the API has
    them. `status` is that of the HTTP answer; `has_pictures_within` allows the page pictures as data, and
    `cookies` are as a `Redirect` sets them.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    has_pictures_within: bool = False
    cookies: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Another page, a path of this server or the identity provider's, which the browser gets in place of this
    one.

    `cookies` are values by name that are set on the way, None for one that is to go.
    """

    to: str
    cookies: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawContent:
    """Bytes of a media type: a picture, a file. `file_name` has it saved in place of shown; `status` is that
    of the HTTP answer.
    """

    content: bytes
    media_type: str
    file_name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class EventStream:
    """Server-sent events, each a frame as it goes over the wire, for as long as the browser stays."""

    events: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class RangedContent:
    """Bytes of a media type that a browser asks for in ranges, `size` in all.

    `tag` changes with the bytes; `pieces` gives them from a first to a last one, both included, and raises
    ServiceError once they may not be had any more.
    """

    media_type: str
    size: int
    tag: str
    pieces: Callable[[int, int], Iterator[bytes]]


PageAnswer = PageView | Redirect | RawContent | RangedContent | EventStream
Answering = Callable[["PageVisit"], PageAnswer]
"""What answers a visit, in a thread. Raises ServiceError, which becomes a page with its sentence."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page.

    `path` is Starlette's, with its parameters in braces. `show` answers a GET; `acts` answer a POST, by the
    value of the button named `act`. `roles` may open it; None makes it public, and nobody signs in.
    `title` is an English text; with `menu`, the page is in the navigation under it. `takes_pictures` lets a
    form be as long as the largest image that a request may have. `guarded` are acts for which the person must
    have shown within a quarter of an hour that it is them. `lane` says what it may wait for, and `act_lanes`
    what an act does, where that is something else; an act that takes pictures is slow. `is_door` is set where
    people come in, which nobody shuts by REGARD_PUBLIC_REQUESTS. `is_part` is set for what a page fetches by
    itself, such as a picture, a film's ranges, or a stream: to fetch it is nobody's act, and keeps no session
    open. `is_for_servers` is set where another server sends what proves itself: no browser's form comes
    there, and nobody is signed in.
    """

    path: str
    show: Answering
    acts: Mapping[str, Answering] = field(default_factory=dict)
    roles: frozenset[str] | None
    title: str = ""
    menu: bool = False
    takes_pictures: bool = False
    guarded: frozenset[str] = frozenset()
    lane: PageLane = PageLane.QUICK
    act_lanes: Mapping[str, PageLane] = field(default_factory=dict)
    is_door: bool = False
    is_part: bool = False
    is_for_servers: bool = False

    def is_for(self, roles: tuple[str, ...]) -> bool:
        """Whether somebody in these roles may open it."""
        return self.roles is None or not self.roles.isdisjoint(roles)
