"""Who is behind an id, for what they began earlier."""

from __future__ import annotations

from typing import Final

from regard.caller import LOCAL, Caller
from regard.governance.keys import KeyStore
from regard.governance.people import People, caller_of

_LONG_AGO: Final = 0  # whoever began something in the console showed then that it was them, and may be away


class Holders:
    """Those of one database."""

    def __init__(self, keys: KeyStore, people: People) -> None:
        self._keys = keys
        self._people = people

    def find(self, key_id: str) -> Caller | None:
        """Who calls by an id now: the data folder's owner, a key's holder, or a person of the console."""
        if key_id == LOCAL.key_id:
            return LOCAL
        key = self._keys.find(key_id)
        if key is not None:
            return key.holder
        person = self._people.find(key_id)
        return None if person is None else caller_of(person, verified=_LONG_AGO)
