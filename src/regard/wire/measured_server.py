"""What the figures of one server are read of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regard.collections.followed import FollowedIndexes
from regard.measurements import Measurements
from regard.storage.database import Database
from regard.wire.lanes import Lanes
from regard.wire.readiness import Readiness


@dataclass(frozen=True, slots=True)
class MeasuredServer:
    """What figures are read of. `folder` is the data folder."""

    measurements: Measurements
    lanes: Lanes
    indexes: FollowedIndexes
    database: Database
    readiness: Readiness
    folder: Path
