"""Where the indexes of a process are: in its memory and a folder, in an engine, or in shards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regard.collections.changes import IndexKey, stored_dimension
from regard.collections.face_models import FaceModels
from regard.collections.fastscan import Sizes
from regard.collections.following import Following, Making, Report
from regard.collections.milvus import MilvusEngine
from regard.collections.part import RowPart
from regard.collections.shards import ShardedFollowing, ShardSet
from regard.collections.shared import SharedFollowing, is_fed
from regard.collections.snapshot import MANIFEST
from regard.collections.workers import Workers
from regard.storage.database import Database

Followed = Following | SharedFollowing | ShardedFollowing


@dataclass(frozen=True, slots=True, eq=False)
class IndexPlace:
    """What the indexes of a process are made with; where an `engine` or `shards` hold them, with that alone.

    Snapshots are in `folder`, none where it is None. `part` is which rows are held.
    """

    database: Database
    models: FaceModels
    workers: Workers
    sizes: Sizes
    folder: Path | None
    report: Report
    engine: MilvusEngine | None
    shards: ShardSet | None
    part: RowPart

    def make(self, key: IndexKey) -> Followed:
        """An index that has yet to be opened."""
        dimension = self._dimension_of(key)
        if self.engine is not None:
            return SharedFollowing(self.database, self.engine, dimension, self.report, key)
        if self.shards is not None:
            return ShardedFollowing(self.database, self.shards, dimension, key)
        making = Making(
            self.database, dimension, self.workers, self.sizes, self.path(key), self.report, self.part
        )
        return Following(making, key)

    def is_kept(self, key: IndexKey) -> bool:
        """Whether something of an index may be kept that nobody here has opened."""
        if self.engine is not None:
            with self.database.read() as connection:
                return is_fed(connection, key)
        if self.shards is not None:
            return True
        folder = self.path(key)
        return folder is not None and (folder / MANIFEST).exists()

    def path(self, key: IndexKey) -> Path | None:
        """The folder of an index' snapshot."""
        return None if self.folder is None else self.folder / key.name

    def folders(self) -> list[Path]:
        """What is kept of all indexes."""
        return list(self.folder.iterdir()) if self.folder and self.folder.is_dir() else []

    def close(self) -> None:
        """Lets go of threads and connections."""
        self.workers.close()
        for shared in (self.engine, self.shards):
            if shared is not None:
                shared.close()

    def _dimension_of(self, key: IndexKey) -> int:
        """How many numbers its vectors have: by its model, or, of one unknown here, as they are."""
        model = self.models.find(key.model)
        if model is not None:
            return model.dimension
        with self.database.read() as connection:
            return stored_dimension(connection, key) or self.models.default.dimension
