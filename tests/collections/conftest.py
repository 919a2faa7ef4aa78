"""What the tests of users share."""

from __future__ import annotations

import pytest

from tests.collections.user_stores import Stores
from tests.postgres import Place


@pytest.fixture
def store(place: Place) -> Stores:
    stores = Stores(place.open(), max_users=4)
    stores.collections.create("c", "1")
    return stores
