"""`/console/films/ADDRESS`: a job's film, for the player of the browser that opened it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from regard.console.page import Page, PageAnswer, RangedContent
from regard.console.page_lanes import PageLane
from regard.console.pages.jobs import FILMS, READERS
from regard.console.visit import PageVisit
from regard.errors import AccessDeniedException
from regard.jobs.films import JobFilms


def film_pages(films: JobFilms, is_open: Callable[[str], bool]) -> Sequence[Page]:
    """The page of films, which no menu has; `is_open` tells by its token whether a session still is."""

    def show(visit: PageVisit) -> PageAnswer:
        film = films.find(visit.path["address"], visit.caller.browser or "")

        def pieces(first: int, last: int) -> Iterator[bytes]:
            for piece in film.pieces(first, last):
                if not is_open(visit.token or ""):
                    raise AccessDeniedException("The session is over.")
                yield piece

        return RangedContent(film.media_type, film.facts.size, film.facts.tag, pieces)

    return (Page(path=FILMS + "/{address}", show=show, roles=READERS, lane=PageLane.OBJECTS, is_part=True),)
