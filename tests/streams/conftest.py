"""A camera that somebody enrolled walks by, under no strict purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from regard.app import Parts, build
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.streams.leases import StreamLease, StreamLeases
from regard.streams.records import StreamStatus
from regard.streams.steps import Raised
from tests.conftest import PICTURES
from tests.responsible import Office

ROLE = "arn:aws:iam::123456789012:role/r"
DATA = "arn:aws:kinesis:us-east-1:123456789012:stream/records"


@dataclass
class Lobby:
    """A camera that somebody enrolled walks by, run step by step."""

    parts: Parts
    leases: StreamLeases
    lease: StreamLease

    def keep(self, raised: Raised) -> Any:
        return self.parts.stores.stream_events.commit(
            self.leases, self.lease, raised.event, raised.notices, within=raised.within, settle=raised.settle
        )

    def rows(self, table: Table) -> int:
        with self.parts.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.fixture(scope="module")
def parts(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    settings = Settings.load(
        {},
        data=tmp_path_factory.mktemp("lobby") / "data",
        kinesis_endpoint="http://127.0.0.1:9",
        webhooks="private",
        webhook_secret="w" * 20,
    )
    parts = build(settings)
    yield parts
    parts.close()


@pytest.fixture
def lobby(parts: Parts) -> Iterator[Lobby]:
    office = Office(parts)
    office.call("create_collection", CollectionId="staff")
    picture = (PICTURES / "astronaut.jpg").read_bytes()
    office.call("index_faces", CollectionId="staff", ExternalImageId="eileen", Image={"Bytes": picture})
    office.call(
        "create_stream_processor",
        Name="lobby",
        RoleArn=ROLE,
        Input={"KinesisVideoStream": {"Arn": "rtsp://10.0.0.7/1"}},
        Output={"KinesisDataStream": {"Arn": DATA}},
        Settings={"FaceSearch": {"CollectionId": "staff"}},
        NotificationChannel={"SNSTopicArn": "http://127.0.0.1:9/hook"},
    )
    office.call("start_stream_processor", Name="lobby")
    leases = StreamLeases(parts.database, seconds=600)
    [lease] = leases.take("w", 1)
    yield Lobby(parts, leases, lease)
    leases.end(lease, StreamStatus.STOPPED)
    office.call("delete_stream_processor", Name="lobby")
    office.call("delete_collection", CollectionId="staff")
