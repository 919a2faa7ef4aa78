"""One visit to a page: who comes, what they sent, and what the page may do for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from regard.api.answer import ServedApi
from regard.caller import NOBODY, Caller, Person
from regard.console.forms import FormFields
from regard.console.languages import Texts
from regard.console.refusals import said_refusal
from regard.console.signin.sessions import SignedIn
from regard.errors import ServiceError
from regard.governance.released import Released
from regard.governance.sessions import is_fresh

if TYPE_CHECKING:
    from regard.vision.findings import Pictures


_PAGE: Final = 1000


class Apis:
    """The APIs by their operations' keys: `list_cases`, `detect_faces`.

    `pictures` makes what the requests of one visit share, so that a picture is decoded and examined once.
    """

    def __init__(
        self, served: Mapping[str, ServedApi], *, pictures: Callable[[], Pictures] | None = None
    ) -> None:
        self._served = {key: one for one in served.values() for key in one.api.operations}
        self._pictures = pictures

    def shared_pictures(self) -> Pictures | None:
        """Pictures for one visit; None where its requests share none."""
        return None if self._pictures is None else self._pictures()

    def of(self, operation: str) -> ServedApi:
        """The API of an operation. Raises KeyError."""
        return self._served[operation]


@dataclass(frozen=True, kw_only=True)
class PageVisit:
    """One visit. `path` are the parameters in the address, `query` the last value of each in the query.

    `is_partial` is set where htmx asks, for a part of the page; `host` is the authority that the browser
    called, `http` or `https` its `scheme`. `token` is the session's, `signed_in` what is known of it;
    both are None where nobody is signed in. `stranger` is the caller without any sign-in: what anybody may
    ask is asked so, whoever is signed in, and leaves no trace of them. `pictures` is what its requests share.
    `root` is the address of the server as others reach it, `home` the page that the visitor begins at.
    """

    caller: Caller
    apis: Apis
    texts: Texts
    address: str
    scheme: str
    host: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: FormFields = field(default_factory=FormFields)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    is_partial: bool = False
    token: str | None = None
    signed_in: SignedIn | None = None
    stranger: Caller = NOBODY
    pictures: Pictures | None = None
    root: str = ""
    home: str = "/console"

    @property
    def is_program(self) -> bool:
        """Whether JSON is asked for."""
        return self.headers.get("accept", "").partition(";")[0].strip() == "application/json"

    @property
    def person(self) -> Person | None:
        """Who is signed in."""
        return self.caller.person

    @property
    def is_fresh(self) -> bool:
        """Whether the person showed just now that it is them, as what decides about people asks."""
        return is_fresh(self.caller)

    def has_role(self, *roles: str) -> bool:
        """Whether the person holds any of these roles."""
        return not set(roles).isdisjoint(self.caller.roles)

    def call(self, operation: str, *, case: str | None = None, **params: Any) -> dict[str, Any]:
        """An operation's answer, as Python has its types. Raises ServiceError."""
        return self.release(operation, case=case, **params).body

    def release(self, operation: str, *, case: str | None = None, **params: Any) -> Released:
        """An operation's answer with its headers. Members that are None are left out. Raises as `call` does,
        with the sentence in the visitor's language.
        """
        return self._called(operation, params, self.caller, case=case, pictures=self.pictures)

    def every(self, operation: str, member: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Everything that an operation lists as `member`, page by page. Raises ServiceError."""
        token: str | None = None
        while True:
            page = self.call(operation, MaxResults=_PAGE, NextToken=token, **params)
            yield from page[member]
            token = page.get("NextToken")
            if token is None:
                return

    def ask(self, operation: str, **params: Any) -> dict[str, Any]:
        """A public operation's answer, asked as a stranger. Raises ServiceError."""
        return self._called(operation, params, self.stranger).body

    def _called(self, operation: str, params: Mapping[str, Any], caller: Caller, **options: Any) -> Released:
        sent = {name: value for name, value in params.items() if value is not None}
        try:
            return self.apis.of(operation).call(operation, sent, caller, **options)
        except ServiceError as error:
            error.args = (self.refusal(error),)
            raise

    def refusal(self, error: ServiceError) -> str:
        """Why something was refused: in the visitor's language, but to a program as the API says it."""
        return error.message if self.is_program else said_refusal(self.texts, error.message)

    def written(self, operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """An answer as the API writes it in JSON, for `PageView.data`."""
        served = self.apis.of(operation)
        body = served.protocol.write(served.api.operations[operation], answer, "").body
        return dict(json.loads(body)) if body else {}

    def say(self, text: str, **values: Any) -> str:
        """A text in the visitor's language, with values in place of `%(name)s`."""
        said = self.texts.gettext(text)
        return said % values if values else said

    def here(self, **query: str | None) -> str:
        """This page's address with other values in its query; None takes one out."""
        joined = {**self.query, **query}
        pairs = [f"{quote(name)}={quote(value)}" for name, value in joined.items() if value is not None]
        return self.address + ("?" + "&".join(pairs) if pairs else "")
