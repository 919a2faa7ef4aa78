"""The packet of a case, as a ZIP that needs no server to be read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from regard.presentation.pages import render


def write_packet(target: Path | IO[bytes], answer: Mapping[str, Any]) -> None:
    """Writes what GetDisclosure answered: a page, the same as JSON, its pictures, and receipts of records."""
    case, document = answer["CaseId"], json.loads(answer["Document"])
    page = render("disclosure.html", title=f"Face searches on the case {case}", packet=document)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packet:
        packet.writestr("disclosure.html", page)
        packet.writestr("disclosure.json", json.dumps(document, indent=2, ensure_ascii=False))
        for picture in answer["Pictures"]:
            packet.writestr(f"pictures/{picture['Name']}", picture["Bytes"])
        for receipt in document["records"]:
            name = f"receipts/{receipt['sequence']}.json"
            packet.writestr(name, json.dumps(receipt, indent=2, ensure_ascii=False))
