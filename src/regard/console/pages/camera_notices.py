"""`/console/privacy/notices`: what hangs beside the cameras, as somebody who protects privacy records it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regard.console.dates import read_past
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.pages.privacy import PRIVACY
from regard.console.visit import PageVisit
from regard.console.wording import COVERS

_SHOWN: Final = 50


def _show(visit: PageVisit) -> PageAnswer:
    answer = visit.call("list_notices", MaxResults=_SHOWN, NextToken=visit.query.get("token"))
    values = {"notices": answer["Notices"], "covers": COVERS, "next_token": answer.get("NextToken")}
    return PageView("camera_notices.html", values, visit.written("list_notices", answer))


def _put(visit: PageVisit) -> PageAnswer:
    form = visit.form
    visit.call(
        "put_camera_notice",
        CameraId=form.get("camera"),
        Language=form.get("language"),
        Text=form.get("text"),
        Covers=form.all("covers"),
        PostedAt=read_past(visit, form.get("posted")),
    )
    return Redirect(visit.address)


PAGES: Final[Sequence[Page]] = (
    Page(path="/console/privacy/notices", show=_show, acts={"put": _put}, roles=PRIVACY),
)
