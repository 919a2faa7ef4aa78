"""`/notice`: which cameras recognise whom, for what. `/notice/CAMERA?sign` is a sheet to hang beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import segno
from markupsafe import Markup

from regard.console.cookies import is_loopback
from regard.console.page import Page, PageAnswer, PageView
from regard.console.visit import PageVisit
from regard.console.wording import COVERS
from regard.errors import ResourceNotFoundException

_SHOWN: Final = 50
_READ: Final = 1000


def _list(visit: PageVisit) -> PageAnswer:
    answer = visit.ask("list_notices", MaxResults=_SHOWN, NextToken=visit.query.get("token"))
    values = {"notices": answer["Notices"], "covers": COVERS, "next_token": answer.get("NextToken")}
    return PageView("notices.html", values, visit.written("list_notices", answer))


def _show(visit: PageVisit) -> PageAnswer:
    camera = visit.path["camera"]
    notice = next((one for one in _notices(visit) if one["CameraId"] == camera), None)
    if notice is None:
        raise ResourceNotFoundException(visit.say("No camera of that name has a notice."))
    values: dict[str, Any] = {"notice": notice, "covers": COVERS}
    data = visit.written("list_notices", {"Notices": [notice]})["Notices"][0]
    if "sign" not in visit.query:
        return PageView("notice.html", values, data)
    address = f"{visit.root}/notice/{quote(camera)}"
    values |= {"address": address, "code": _code(address), "is_local": is_loopback("http", visit.host)}
    return PageView("notice_sign.html", values, data)


def _notices(visit: PageVisit) -> Iterator[Mapping[str, Any]]:
    token: str | None = None
    while True:
        answer = visit.ask("list_notices", MaxResults=_READ, NextToken=token)
        yield from answer["Notices"]
        token = answer.get("NextToken")
        if token is None:
            return


def _code(address: str) -> Markup:
    """A QR code of an address, as SVG: black on white, since cameras read no other as well."""
    code = segno.make_qr(address, error="m")
    drawn = code.svg_inline(omitsize=True, svgclass=None, lineclass=None, light="#fff", border=4)
    return Markup(drawn)  # noqa: S704 (segno draws squares; the address is in it as these alone)


PAGES: Final[Sequence[Page]] = (
    Page(path="/notice", show=_list, roles=None),
    Page(path="/notice/{camera}", show=_show, roles=None),
)
