"""`regard import`: files of embeddings, checked, enrolled, and gone on with after a kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select
from tests.collections.made_models import models_of
from typer.testing import CliRunner

from regard.cli import app
from regard.collections.face_models import FaceModels
from regard.collections.identifiers import new_identifiers
from regard.errors import RegardError
from regard.governance.audit import AuditLog
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from regard.storage.schema import faces

MODEL = FaceModels().default
DIMENSION = MODEL.dimension


def embeddings(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


@pytest.fixture
def folder(installed_pack: InstalledPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the command runs in, its data folder in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def regard(*arguments: object) -> str:
    """What the command prints. Raises what it raises."""
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if done.exception is not None:
        raise done.exception
    return done.stdout


def counts(*arguments: object) -> dict[str, int]:
    answer: dict[str, int] = json.loads(regard("import", *arguments, "--json"))
    return answer


def stored(folder: Path) -> list[tuple[Any, ...]]:
    """What tells the faces of the database from each other, in the order they were enrolled."""
    database = Database.open(folder / "data")
    with database.read() as connection:
        query = select(faces.c.external_image_id, faces.c.vector, faces.c.left).order_by(faces.c.row)
        rows = [tuple(row) for row in connection.execute(query)]
    database.close()
    return rows


def table(vectors: np.ndarray, **columns: Any) -> pa.Table:
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    return pa.table({"vector": lists, **columns})


def test_an_array_with_names_is_enrolled(folder: Path) -> None:
    vectors = embeddings(25)
    np.save("v.npy", vectors)
    Path("names.txt").write_text("".join(f"p{n}\n" for n in range(25)))
    said = regard("import", "c", "v.npy", "--ids", "names.txt", "--purpose", "access-control")
    assert said.startswith("25 faces of 25 rows are new in c, 0 were there already;")
    assert stored(folder) == [(f"p{n}", vectors[n].tobytes(), 0.0) for n in range(25)]
    database = Database.open(folder / "data")
    records = [record for record in AuditLog(database).export() if record["operation"] == "ImportFaces"]
    assert [(record["outcome"], record["facts"].get("Added")) for record in records] == [
        ("begun", None),
        ("ok", 25),
    ]
    assert {record["facts"]["Purpose"] for record in records} == {"access-control"}
    database.close()


@pytest.mark.parametrize("kind", ["fixed", "list", "large", "float32", "double"])
def test_a_table_is_enrolled_with_what_it_says_of_each_face(folder: Path, kind: str) -> None:
    vectors, ids = embeddings(25), new_identifiers(25)
    columns = {
        "external_image_id": [f"p{n}" if n else None for n in range(25)],
        "face_id": ids,
        "confidence": np.linspace(90, 99, 25),
        **{side: np.full(25, 0.25) for side in ("left", "top", "width", "height")},
        "something": ["else"] * 25,
    }
    whole = table(vectors, **columns)
    types = {
        "list": pa.list_(pa.float16()),
        "large": pa.large_list(pa.float32()),
        "float32": pa.list_(pa.float32(), DIMENSION),
        "double": pa.list_(pa.float64()),
    }
    if kind in types:
        lists = pa.array([row.astype(np.float32) for row in vectors], pa.list_(pa.float32()))
        whole = whole.set_column(0, "vector", lists.cast(types[kind]))
    pq.write_table(whole, "v.parquet", row_group_size=7)
    assert counts("c", "v.parquet") == {"rows": 25, "added": 25, "known": 0, "skipped": 0}
    assert stored(folder) == [(f"p{n}" if n else "", vectors[n].tobytes(), 0.25) for n in range(25)]


def test_a_second_run_has_nothing_to_do_with_or_without_its_journal(folder: Path) -> None:
    np.save("v.npy", embeddings(25))
    counts("c", "v.npy")
    assert counts("c", "v.npy") == {"rows": 25, "added": 0, "known": 0, "skipped": 25}
    assert counts("c", "v.npy", "--again") == {"rows": 25, "added": 0, "known": 25, "skipped": 0}
    pq.write_table(table(embeddings(25)), "v.parquet")  # the same in another file
    assert counts("c", "v.parquet") == {"rows": 25, "added": 0, "known": 25, "skipped": 0}


@pytest.mark.parametrize("kind", [pytest.param("npy", marks=pytest.mark.slow), "parquet"])
def test_an_import_that_was_killed_goes_on_and_ends_as_an_undisturbed_one(folder: Path, kind: str) -> None:
    vectors = embeddings(22_000)
    names = [f"p{n}" for n in range(len(vectors))]
    arguments = ["import", "c", f"v.{kind}"]
    if kind == "npy":
        np.save("v.npy", vectors)
        Path("names.txt").write_text("\n".join(names))
        arguments += ["--ids", "names.txt"]
    else:
        pq.write_table(table(vectors, external_image_id=names), "v.parquet", row_group_size=9_000)
    process = subprocess.Popen([sys.executable, "-m", "regard", *arguments], stderr=subprocess.DEVNULL)
    journals = folder / "data" / "enrolments"
    while not (journals.is_dir() and list(journals.glob("*.rows"))) and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    before = len(stored(folder))
    assert 0 < before < len(vectors)
    done = counts(*arguments[1:])
    assert done["added"] == len(vectors) - before
    assert done["skipped"] > 0
    assert stored(folder) == [
        (name, vector.tobytes(), 0.0) for name, vector in zip(names, vectors, strict=True)
    ]


def test_a_journal_that_is_behind_or_lost_doubles_nothing(folder: Path) -> None:
    np.save("v.npy", embeddings(25))
    counts("c", "v.npy")
    [journal] = (folder / "data" / "enrolments").glob("*.rows")
    journal.write_text("10")
    assert counts("c", "v.npy") == {"rows": 25, "added": 0, "known": 15, "skipped": 10}
    journal.unlink()
    assert counts("c", "v.npy") == {"rows": 25, "added": 0, "known": 25, "skipped": 0}


def test_a_file_that_was_replaced_and_a_collection_made_anew_are_begun_anew(folder: Path) -> None:
    np.save("v.npy", embeddings(25))
    counts("c", "v.npy")
    np.save("v.npy", embeddings(25, seed=1))
    os.utime("v.npy", (1, 1))
    assert counts("c", "v.npy")["added"] == 25
    regard("collections", "delete", "c", "--yes")
    assert counts("c", "v.npy")["added"] == 25


def test_the_quota_is_held_before_anything_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGARD_COLLECTION_FACES", "30")
    np.save("v.npy", embeddings(25))
    np.save("w.npy", embeddings(25, seed=1))
    counts("c", "v.npy")
    with pytest.raises(RegardError, match="would hold 50 faces, and can't hold more than 30"):
        counts("c", "w.npy")
    assert counts("c", "v.npy", "--again")["known"] == 25  # what is there needs no room
    assert len(stored(folder)) == 25


def test_faces_of_another_model_are_refused(folder: Path) -> None:
    np.save("v.npy", embeddings(3))
    with pytest.raises(RegardError, match="made by face model 0.9, which this version"):
        counts("c", "v.npy", "--face-model-version", "0.9")
    from regard.collections.followed import FollowedIndexes
    from regard.collections.store import CollectionStore

    database = Database.open(folder / "data")
    CollectionStore(database, FollowedIndexes(database, models_of(DIMENSION))).create("old", "0.9")
    database.close()
    with pytest.raises(RegardError, match="made by face model 0.9, which"):
        counts("old", "v.npy")
    counts("c", "v.npy")
    with pytest.raises(RegardError, match="Import into a new collection"):
        counts("c", "v.npy", "--face-model-version", "1.0")
    with pytest.raises(RegardError, match="face model 1.0 any more"):
        counts("earlier", "v.npy", "--face-model-version", "1.0")


def _broken() -> dict[str, tuple[Any, str]]:
    late = embeddings(25)
    late[24] = np.nan

    def short(name: str, values: list[Any]) -> pa.Table:
        return table(embeddings(2), **{name: values})

    ragged = pa.table({"vector": pa.array([[0.5] * DIMENSION, [0.5] * 3], pa.list_(pa.float32()))})
    null = pa.table({"vector": pa.array([[0.05] * DIMENSION, None], pa.list_(pa.float32()))})
    return {
        "late.npy": (late, "Row 24 holds a value that is no finite number."),
        "wide.npy": (
            np.ones((2, 3), np.float32),
            f"have 3 numbers, and those of face model {MODEL.version} have {DIMENSION}",
        ),
        "flat.npy": (np.ones(DIMENSION, np.float32), f"holds float32 of the shape ({DIMENSION},)"),
        "int.npy": (np.ones((2, DIMENSION), np.int8), "holds int8"),
        "none.npy": (np.ones((0, DIMENSION), np.float32), "holds no rows"),
        "broken.npy": (b"-", "is not a readable .npy file"),
        "broken.parquet": (b"PAR1-PAR1", "is not a readable Parquet file"),
        "column.parquet": (pa.table({"v": [1]}), "needs a column `vector` of lists of floats"),
        "scalar.parquet": (pa.table({"vector": [1.0]}), "needs a column `vector` of lists of floats"),
        "ragged.parquet": (ragged, f"Row 1 of ragged.parquet has no vector of {DIMENSION} numbers"),
        "null.parquet": (null, f"Row 1 of null.parquet has no vector of {DIMENSION} numbers"),
        "box.parquet": (short("left", [0.0, 0.0]), "must have all of the columns left"),
        "ids.parquet": (short("face_id", ["x", None]), "Row 1 of ids.parquet has the face_id None"),
        "name.parquet": (short("external_image_id", ["a", "b c"]), "Row 1 has the external_image_id 'b c'"),
        "percent.parquet": (short("confidence", ["a", "b"]), "must hold numbers"),
        "file.csv": (b"1,2", "is neither a .parquet nor a .npy file"),
    }


@pytest.mark.parametrize("name", _broken())
def test_a_file_that_can_not_be_enrolled_is_one_sentence_and_nothing_is_written(
    folder: Path, name: str
) -> None:
    content, sentence = _broken()[name]
    if isinstance(content, bytes):
        Path(name).write_bytes(content)
    elif isinstance(content, pa.Table):
        pq.write_table(content, name)
    else:
        np.save(name, content)
    with pytest.raises(RegardError) as caught:
        counts("c", name)
    assert sentence in str(caught.value)
    assert not (folder / "data" / "regard.db").exists() or stored(folder) == []


@pytest.mark.parametrize(("lines", "sentence"), [(24, "only 24 lines"), (26, "more than 25 lines")])
def test_names_that_are_not_one_for_each_row_are_refused(folder: Path, lines: int, sentence: str) -> None:
    np.save("v.npy", embeddings(25))
    Path("names.txt").write_text("x\n" * lines)
    with pytest.raises(RegardError, match=sentence):
        counts("c", "v.npy", "--ids", "names.txt")
    assert stored(folder) == []
