"""`/receipts/ID`: what was erased, and what proves it, for whoever was given the receipt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from regard.console.page import Page, PageAnswer, PageView, RawContent
from regard.console.visit import PageVisit
from regard.console.wording import ERASURE_CAUSES


def _show(visit: PageVisit) -> PageAnswer:
    answer = visit.ask("get_receipt", ReceiptId=visit.path["id"])
    data = visit.written("get_receipt", answer)
    if "file" in visit.query:
        return RawContent(json.dumps(data, indent=2).encode(), "application/json", "receipt.json")
    values = {"receipt": answer, "cause": ERASURE_CAUSES[answer["Cause"]]}
    return PageView("receipt.html", values, data)


PAGES: Final[Sequence[Page]] = (Page(path="/receipts/{id}", show=_show, roles=None),)
