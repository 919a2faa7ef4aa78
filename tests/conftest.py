"""Fixtures that several folders use: the real models, a real server, pictures that are free to ship."""

from __future__ import annotations

import configparser
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import hypothesis
import pytest

# Programs are started while a client of Milvus runs; they are executed at once, and need no care by gRPC.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
# Tests that open networks by themselves report nothing to the runtime's maker either.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from regard.app import Parts, build
from regard.packs.install import InstalledPack, install
from regard.packs.manifest import find_pack
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.sqlite import FILE
from tests import scenes
from tests.postgres import Cluster, Place, find_programs
from tests.waiting import PATIENCE

# What the environment says is for the developer's own server, which may be running, and for its database.
for _name in [name for name in os.environ if name.startswith("REGARD_") and name != "REGARD_TEST_SEED"]:
    del os.environ[_name]
os.environ["REGARD_PORT"] = "0"

# How long an example takes says nothing where other programs keep the cores busy.
hypothesis.settings.register_profile(
    "regard", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("regard")

TESTS = Path(__file__).parent
PICTURES = TESTS / "pictures"
SHARED_DATA = TESTS.parent.parent / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def _database_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In a folder that isn't there yet a database begins as a copy of one at the newest schema, as those of
    PostgreSQL do: thousands of tests need one, and its migrations take a sixth of a second. What migrations
    do is tested where they run (`storage/test_migrations.py`), and in processes of their own.
    """
    folder, opened = tmp_path_factory.mktemp("template") / "data", Database.open.__func__  # type: ignore[attr-defined]
    Database.open(folder).close()
    content = (folder / FILE).read_bytes()

    def open_copy(cls: type[Database], folder: Path, url: str | None = None, **options: Any) -> Database:
        if url is None and not folder.exists() and folder.parent.is_dir():
            folder.mkdir(mode=0o700)
            (folder / FILE).touch(0o600)
            (folder / FILE).write_bytes(content)
            with closing(sqlite3.connect(folder / FILE)) as copy, copy:
                copy.execute("UPDATE facts SET value = ? WHERE name = 'incarnation'", [str(uuid.uuid4())])
        return opened(cls, folder, url, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "open", classmethod(open_copy))
        yield


@pytest.fixture(scope="session")
def installed_pack() -> InstalledPack:
    """The default model pack, installed as a user would have it."""
    return install(find_pack("default"))


@pytest.fixture(scope="session")
def nudenet_pack() -> InstalledPack:
    """The pack for moderation, installed as a user would have it; its licence is the AGPL-3.0."""
    return install(find_pack("nudenet"))


@pytest.fixture(scope="session")
def portrait() -> Path:
    """A photo of one person."""
    return PICTURES / "astronaut.jpg"


@pytest.fixture(scope="session")
def other_portrait() -> Path:
    """A photo of another person."""
    return PICTURES / "hopper.jpg"


@pytest.fixture(scope="session")
def texture() -> Path:
    """A photo without a face."""
    return PICTURES / "gravel.jpg"


@pytest.fixture(scope="session")
def group_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight faces, of the two people in turn, from 30 to 100 pixels."""
    image, _ = scenes.group([200, 190, 160, 150, 120, 110, 80, 70])
    file = tmp_path_factory.mktemp("group") / "group.jpg"
    file.write_bytes(scenes.jpeg(image))
    return file


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real photos that are not free to ship; what needs them is skipped where they are not."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the photos in ../shared/data are not on this machine")
    return SHARED_DATA


@pytest.fixture
def parts(installed_pack: InstalledPack, tmp_path: Path) -> Iterator[Parts]:
    """Everything of one process, on an empty data folder, the photos served as the bucket `photos`."""
    built = build(Settings.load({}, data=tmp_path / "data", buckets=f"photos={PICTURES}"))
    yield built
    built.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of the tests' own, which a test may stop if it starts it again."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL (initdb, pg_ctl) is not installed; Debian's package is `postgresql`")
    made = Cluster(programs)
    yield made
    made.remove()


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[str]:
    """A new PostgreSQL database at the newest schema."""
    url = cluster.make_database()
    yield url
    cluster.start_again()
    cluster.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where a test keeps its database: everything that stores runs on SQLite and on PostgreSQL."""
    cluster = request.getfixturevalue("cluster") if request.param == "postgresql" else None
    place = Place(tmp_path / "data", cluster and cluster.lend_database())
    yield place
    place.close()
    if cluster:
        cluster.start_again()
        cluster.take_back(place.url)


@dataclass(frozen=True, slots=True)
class Server:
    """A running `regard serve`, in a process of its own."""

    endpoint: str
    key_id: str
    secret: str
    credentials_file: Path
    data: Path
    process: subprocess.Popen[str]

    def client(self, service: str = "rekognition", **options: Any) -> Any:
        """An unmodified boto3 client."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            **({"aws_access_key_id": self.key_id, "aws_secret_access_key": self.secret} | options),
        )


def start_server(data: Path, *arguments: str, environment: dict[str, str] | None = None) -> Server:
    """Starts `regard serve` on a free port and waits until it is healthy."""
    log = (data.parent / f"{data.name}.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "regard", "serve", "--port", "0", "--data", str(data), *arguments],
        stdout=log,
        stderr=log,
        text=True,
        # Workers are started by those tests that have work for them.
        env={**os.environ, "COLUMNS": "200", "REGARD_JOB_WORKERS": "0", "REGARD_STREAM_WORKERS": "0"}
        | (environment or {}),
    )
    try:
        endpoint = wait_for_address(process, Path(log.name))
    finally:
        log.close()
    profile = configparser.ConfigParser()
    profile.read(data / "credentials")
    return Server(
        endpoint=endpoint,
        key_id=profile["default"]["aws_access_key_id"],
        secret=profile["default"]["aws_secret_access_key"],
        credentials_file=data / "credentials",
        data=data,
        process=process,
    )


def wait_for_address(process: subprocess.Popen[str], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        told = re.search(r"Regard serves on (http://\S+)\. Try:", log.read_text())
        if told is not None:
            endpoint = told[1]
            try:
                with urllib.request.urlopen(endpoint + "/healthz", timeout=1) as answer:
                    if answer.status == 200:
                        return endpoint
            except OSError:
                pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log.read_text()}")


def stop_server(server: Server) -> None:
    server.process.terminate()
    server.process.wait(timeout=PATIENCE)


@pytest.fixture(scope="session")
def server(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server that the whole session shares; each test takes collection names of its own."""
    started = start_server(tmp_path_factory.mktemp("server") / "data", "--bucket", f"photos={PICTURES}")
    yield started
    stop_server(started)
