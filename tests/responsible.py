"""An office under strict purposes: its people, their keys, sessions, training and cases, through the gate."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pyotp

from regard.api.model import REGARD, load_api
from regard.api.openapi import openapi
from regard.api.serialize import serialize
from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.governance.cases import ATTESTATIONS
from regard.governance.training import TOPICS


@lru_cache(maxsize=1)
def _components() -> dict[str, Any]:
    return {"components": openapi(load_api(REGARD), "0")["components"]}


CASE = {
    "Reference": "2026/4711",
    "Purpose": "law-enforcement",
    "Basis": "Criminal Procedure, section 100",
    "Offence": "robbery",
    "Justification": "The robber was filmed, and nobody knows who it is.",
    "Attested": list(ATTESTATIONS),
}


class Office:
    """People by name, and what they need to act."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._codes: dict[str, pyotp.TOTP] = {}
        self._steps: dict[str, int] = {}

    def call(self, operation: str, caller: Caller = LOCAL, case: str | None = None, **params: Any) -> Any:
        """The operation's answer; one of Regard's own is held to how OpenAPI describes it."""
        answer = self.parts.gate.call(operation, params, caller, case=case)
        own = self.parts.apis[REGARD].api
        if operation in own.operations:
            described = own.operations[operation]
            written = json.loads(serialize(described.output, answer))
            schema = {"$ref": f"#/components/schemas/{described.output.name}", **_components()}
            jsonschema.Draft202012Validator(schema).validate(written)
        return answer

    def person(self, name: str, *roles: str, trained: str | None = None) -> str:
        """Adds a person, trained in `search` or `review`, and answers their id."""
        made = self.call("create_person", Name=name, Roles=list(roles))
        if trained is not None:
            self.train(name, trained)
        return str(made["PersonId"])

    def train(self, name: str, kind: str) -> None:
        """Records that somebody was trained today."""
        self.call(
            "record_training",
            PersonId=name,
            Kind=kind,
            Topics=list(TOPICS),
            Course="Face search, the first course",
            Completed=datetime.now(UTC),
        )

    def key(self, name: str, role: str, purpose: str = "general") -> Caller:
        """A new key of somebody, as the wire would find it."""
        made = self.call(
            "create_key", Name=f"{name}-{role}-{time.monotonic_ns()}", Role=role, Person=name, Purpose=purpose
        )
        return self.holder(made["KeyId"])

    def holder(self, key_id: str) -> Caller:
        """A key's holder as they are now."""
        key = self.parts.keys.find(key_id)
        assert key is not None
        return key.holder

    def session(self, name: str, role: str) -> Caller:
        """Somebody who has just shown their second factor."""
        return self.verified(name, self.key(name, role))

    def verified(self, name: str, caller: Caller) -> Caller:
        """The caller in a session that was opened just now."""
        opened = self.call("open_session", caller, Code=self.code(name, caller))
        return self.parts.stores.accountability.sessions.caller(opened["SessionToken"], caller)

    def code(self, name: str, caller: Caller) -> str:
        """A code of somebody's second factor that was not used; their factor is set up first."""
        if name not in self._codes:
            uri = self.call("set_up_second_factor", caller)["Uri"]
            self._codes[name] = pyotp.TOTP(parse_qs(urlsplit(uri).query)["secret"][0])
        # One step ahead is taken as well; each step is good for one code.
        now = int(time.time()) // 30
        step = max(now - 1, self._steps.get(name, 0) + 1)
        assert step <= now + 1, "a test that opens more than three sessions of a person in half a minute"
        self._steps[name] = step
        return self._codes[name].generate_otp(step)

    def case(self, opener: Caller, **changes: Any) -> str:
        """Opens a case and answers its id."""
        return str(self.call("create_case", opener, **{**CASE, **changes})["CaseId"])
