"""Files of embeddings: Parquet and NumPy's own, read in batches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from regard.collections.bulk import Embeddings
from regard.errors import RegardError

_BOX = "left", "top", "width", "height"
_TEXTS = "external_image_id", "face_id", "image_id"
_BUFFER = 1 << 20  # bytes read ahead in each column, whatever the size of a row group


class VectorFile(Protocol):
    """A file of `rows` embeddings of `dimension` numbers each."""

    rows: int
    dimension: int

    def read(self, start: int, size: int) -> Iterator[Embeddings]:
        """The embeddings from row `start` on, at most `size` at a time. Raises RegardError."""


def open_vectors(file: Path, ids: Path | None) -> VectorFile:
    """`ids` is a text file with an external image id a line. Raises RegardError for what can't be read."""
    if not file.is_file():
        raise RegardError(f"There is no file {file}.")
    if file.suffix == ".npy":
        return NpyFile(file, ids)
    if file.suffix != ".parquet":
        raise RegardError(f"{file} is neither a .parquet nor a .npy file, by its name.")
    if ids is not None:
        raise RegardError("--ids is for a .npy file; in a .parquet file it is the column external_image_id.")
    return ParquetFile(file)


class NpyFile:
    """An array (n, dimension), float16 or float32, mapped into memory."""

    def __init__(self, file: Path, ids: Path | None) -> None:
        self._file, self._ids = file, ids
        try:
            self._array: NDArray[np.floating] = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise RegardError(f"{file} is not a readable .npy file.") from error
        if self._array.ndim != 2 or self._array.dtype not in (np.float16, np.float32):
            raise RegardError(
                f"{file} holds {self._array.dtype} of the shape {self._array.shape}; it must be float16 or "
                "float32 of the shape (rows, dimension)."
            )
        self.rows, self.dimension = self._array.shape

    def read(self, start: int, size: int) -> Iterator[Embeddings]:
        if self._ids is None:
            for first in range(start, self.rows, size):
                yield Embeddings(self._array[first : first + size])
            return
        try:
            with self._ids.open(encoding="utf-8") as lines:
                names = (line.rstrip("\r\n") for line in islice(lines, start, None))
                for first in range(start, self.rows, size):
                    vectors = self._array[first : first + size]
                    chunk = list(islice(names, len(vectors)))
                    if len(chunk) < len(vectors):
                        raise self._wrong_count(f"only {first + len(chunk):,}")
                    yield Embeddings(vectors, external_image_ids=chunk)
                if next(names, None) is not None:
                    raise self._wrong_count(f"more than {self.rows:,}")
        except (OSError, UnicodeDecodeError) as error:
            raise RegardError(f"{self._ids} can't be read as UTF-8 text.") from error

    def _wrong_count(self, lines: str) -> RegardError:
        return RegardError(f"{self._ids} has {lines} lines for the {self.rows:,} rows of {self._file}.")


class ParquetFile:
    """The column `vector`, and those of external_image_id, face_id, image_id, confidence and a box there are.

    Other columns are passed over.
    """

    def __init__(self, file: Path) -> None:
        pyarrow, parquet = _pyarrow()
        self._file = file
        try:
            self._parquet = parquet.ParquetFile(file, buffer_size=_BUFFER)
            schema = self._parquet.schema_arrow
        except (OSError, ValueError) as error:  # ArrowInvalid is a ValueError
            raise RegardError(f"{file} is not a readable Parquet file.") from error
        names = set(schema.names)
        kind = schema.field("vector").type if "vector" in names else None
        is_list = kind is not None and any(
            is_kind(kind)
            for is_kind in (
                pyarrow.types.is_list,
                pyarrow.types.is_large_list,
                pyarrow.types.is_fixed_size_list,
            )
        )
        if kind is None or not is_list or not pyarrow.types.is_floating(kind.value_type):
            raise RegardError(f"{file} needs a column `vector` of lists of floats.")
        if names & set(_BOX) and not names >= set(_BOX):
            raise RegardError(f"{file} must have all of the columns {', '.join(_BOX)}, or none.")
        self._columns = [name for name in ("vector", *_TEXTS, "confidence", *_BOX) if name in names]
        self.rows = int(self._parquet.metadata.num_rows)
        first = next(self._batches(0, 1), None)
        self.dimension = 0 if first is None else len(first["vector"][0] or ())

    def read(self, start: int, size: int) -> Iterator[Embeddings]:
        row = start
        for batch in self._batches(start, size):
            yield self._embeddings(batch, row)
            row += batch.num_rows

    def _batches(self, start: int, size: int) -> Iterator[Any]:
        """Record batches from row `start` on; row groups before it are not read."""
        groups = self._parquet.metadata.num_row_groups
        first, skip = 0, start
        while first < groups and skip >= self._parquet.metadata.row_group(first).num_rows:
            skip -= self._parquet.metadata.row_group(first).num_rows
            first += 1
        if first == groups:
            return
        try:
            for batch in self._parquet.iter_batches(
                size, row_groups=range(first, groups), columns=self._columns, use_threads=False
            ):
                if skip < batch.num_rows:
                    yield batch.slice(skip)
                skip = max(0, skip - batch.num_rows)
        except (OSError, ValueError) as error:
            raise RegardError(f"{self._file} is damaged.") from error

    def _embeddings(self, batch: Any, first: int) -> Embeddings:
        texts = {name: self._texts(batch, name, first) for name in _TEXTS}
        columns = {
            name: self._numbers(batch, name) for name in ("confidence", *_BOX) if name in self._columns
        }
        return Embeddings(
            vectors=self._vectors(batch["vector"], first),
            external_image_ids=texts["external_image_id"],
            face_ids=texts["face_id"],
            image_ids=texts["image_id"],
            confidences=columns.get("confidence"),
            boxes=np.stack([columns[name] for name in _BOX], 1) if "left" in columns else None,
        )

    def _vectors(self, column: Any, first: int) -> NDArray[np.floating]:
        lengths = column.value_lengths().fill_null(-1).to_numpy(zero_copy_only=False)
        wrong = np.flatnonzero(lengths != self.dimension)
        if len(wrong):
            row = int(wrong[0])
            raise RegardError(
                f"Row {first + row:,} of {self._file} has no vector of {self.dimension} numbers."
            )
        values = column.flatten().to_numpy(zero_copy_only=False)  # a null becomes NaN, and is refused as such
        if values.dtype != np.float16:
            values = values.astype(np.float32)
        return np.asarray(values.reshape(len(lengths), -1))

    def _texts(self, batch: Any, name: str, first: int) -> list[str] | None:
        if name not in self._columns:
            return None
        values: list[Any] = batch[name].to_pylist()
        if name == "external_image_id":
            values = ["" if value is None else value for value in values]
        for row, value in enumerate(values):
            if not isinstance(value, str):
                raise RegardError(
                    f"Row {first + row:,} of {self._file} has the {name} {value!r}, which is no text."
                )
        return values

    def _numbers(self, batch: Any, name: str) -> NDArray[np.float64]:
        values = batch[name].to_numpy(zero_copy_only=False)
        if values.dtype.kind not in "fiu":
            raise RegardError(f"The column {name} of {self._file} must hold numbers.")
        return np.asarray(values, np.float64)


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise RegardError("Parquet files need pyarrow: pip install 'regard[parquet]'.") from error
    return pyarrow, pyarrow.parquet
