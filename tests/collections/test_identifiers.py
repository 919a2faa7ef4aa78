from __future__ import annotations

import time
import uuid

from regard.collections.identifiers import new_identifier, new_identifiers


def test_identifiers_are_uuids_of_version_7_that_grow() -> None:
    made = [*new_identifiers(20_000), new_identifier()]
    assert made[:-1] == sorted(made[:-1])
    assert len(set(made)) == len(made)
    one = uuid.UUID(made[-1])
    assert (one.version, one.variant) == (7, uuid.RFC_4122)
    assert abs((one.int >> 80) - time.time() * 1000) < 60_000
