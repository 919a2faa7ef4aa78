"""What a form sends: fields, and files in memory, within limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from regard.api.request_body import SECONDS, RequestBody, RequestTimeoutException
from regard.console.well_formed import check_texts
from regard.errors import RequestEntityTooLargeException, ValidationException

_FIELDS: Final = 1000
_FILES: Final = 100
_ROOM: Final = 256 * 1024
"""Bytes that a form may use for everything in it that is not a picture."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of a form. `name` is what the browser called it: text, never a path to open."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FormFields:
    """The fields of a form by name, in the order they came."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Sequence[UploadedFile]] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field, without the blanks around it."""
        values = self.fields.get(name)
        return values[-1].strip() if values else default

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value.strip() for value in self.fields.get(name, ())]

    def file(self, name: str) -> UploadedFile | None:
        """The last file of a field, or None where none was chosen."""
        found = [one for one in self.files.get(name, ()) if one.content]
        return found[-1] if found else None


async def read_form(
    request: Request, body: RequestBody, *, picture_bytes: int = 0, seconds: float = SECONDS
) -> FormFields:
    """The form that a request brings in its body.

    Raises RequestEntityTooLargeException for one longer than its pictures may be, RequestTimeoutException for
    one that takes longer than so many seconds to come, and ValidationException for what is no form, or has a
    text in it that is none.
    """
    content = await _content(body, _ROOM + picture_bytes, seconds)
    whole = Request(request.scope, _receiving(content))
    try:
        async with whole.form(max_files=_FILES, max_fields=_FIELDS, max_part_size=_ROOM) as sent:
            fields: dict[str, list[str]] = {}
            files: dict[str, list[UploadedFile]] = {}
            for name, value in sent.multi_items():
                if isinstance(value, UploadFile):
                    kind = value.content_type or "application/octet-stream"
                    uploaded = UploadedFile(value.filename or "", kind, await value.read())
                    files.setdefault(name, []).append(uploaded)
                else:
                    fields.setdefault(name, []).append(value)
    except (HTTPException, UnicodeError) as error:  # the latter of an encoding that the form names
        raise ValidationException("The form can't be read; send it again.") from error
    check_texts(text for name, values in fields.items() for text in (name, *values))
    check_texts(text for name, those in files.items() for text in (name, *(one.name for one in those)))
    return FormFields(fields, files)


async def _content(body: RequestBody, limit: int, seconds: float) -> bytes:
    try:
        return await body.read(limit, seconds=seconds)
    except RequestEntityTooLargeException as error:
        raise RequestEntityTooLargeException("The form is larger than this page takes.") from error
    except RequestTimeoutException as error:
        raise RequestTimeoutException(
            f"The form took longer than {seconds:.0f} seconds to come; send it again."
        ) from error


def _receiving(content: bytes) -> Receive:
    """What Starlette reads a form from: a body that has come already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return receive
