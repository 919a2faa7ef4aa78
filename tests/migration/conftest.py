"""A collection that leaves: on a Regard that stands for AWS, its pictures in a folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from regard.cli import app
from tests import scenes
from tests.conftest import PICTURES, Server

NAME = "leaving"


@dataclass(frozen=True)
class Leaving:
    """`client` is the source's; `faces` are its FaceIds by ExternalImageId; `pictures` is the folder."""

    server: Server
    client: Any
    faces: dict[str, list[str]]
    pictures: Path

    @property
    def options(self) -> list[str]:
        return ["--endpoint-url", self.server.endpoint, "--region", "us-east-1", "--profile", "source"]


def regard(*arguments: object) -> str:
    """What the command prints. Raises what it raises."""
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if done.exception is not None:
        raise done.exception
    return done.stdout


def regard_json(*arguments: object) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(regard(*arguments, "--json"))
    return answer


@pytest.fixture(scope="session")
def leaving(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaving]:
    """Portraits and a group of faces; one picture is lost since, one was replaced, one is poor."""
    folder = tmp_path_factory.mktemp("leaving")
    pictures = folder / "pictures"
    (pictures / "people").mkdir(parents=True)
    image, _ = scenes.group([200, 190, 160, 150])
    small, _ = scenes.group([44])
    for name, content in (
        ("astronaut", (PICTURES / "astronaut.jpg").read_bytes()),
        ("hopper", (PICTURES / "hopper.jpg").read_bytes()),
        ("group", scenes.jpeg(image)),
        ("lost", scenes.jpeg(scenes.portrait("hopper").resize((300, 420)))),
        ("replaced", scenes.jpeg(scenes.portrait("astronaut").resize((300, 300)))),
        ("poor", scenes.jpeg(small)),
    ):
        (pictures / "people" / f"{name}.jpg").write_bytes(content)
    client = server.client()
    client.create_collection(CollectionId=NAME, Tags={"team": "red"})
    faces: dict[str, list[str]] = {}
    for file in sorted((pictures / "people").iterdir()):
        answer = client.index_faces(
            CollectionId=NAME,
            Image={"Bytes": file.read_bytes()},
            ExternalImageId=file.stem,
            QualityFilter="NONE",
        )
        faces[file.stem] = [record["Face"]["FaceId"] for record in answer["FaceRecords"]]
    client.create_user(CollectionId=NAME, UserId="grace")
    client.create_user(CollectionId=NAME, UserId="nobody")
    # Two people under one user, as AWS may have let them join at some threshold.
    client.associate_faces(
        CollectionId=NAME,
        UserId="grace",
        FaceIds=[faces["hopper"][0], faces["astronaut"][0]],
        UserMatchThreshold=0,
    )
    (pictures / "people" / "lost.jpg").unlink()
    shutil.copy(PICTURES / "gravel.jpg", pictures / "people" / "replaced.jpg")
    profile = folder / "credentials"
    profile.write_text(
        f"[source]\naws_access_key_id={server.key_id}\naws_secret_access_key={server.secret}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
        yield Leaving(server, client, faces, pictures)


@pytest.fixture(scope="session")
def arrived(leaving: Leaving, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A data folder that the collection came into, and what the command said. Tests leave it as it is."""
    data = tmp_path_factory.mktemp("arrived") / "data"
    arguments = ["--images", leaving.pictures, "--data", data, *leaving.options, "--purpose", "general"]
    said = regard_json("migrate", "collection", NAME, *arguments, "--left", data.parent / "left.csv")
    return data, said


@pytest.fixture
def copied(arrived: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """The same data folder for a test that changes it."""
    return Path(shutil.copytree(arrived[0], tmp_path / "copied"))
