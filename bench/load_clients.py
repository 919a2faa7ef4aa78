"""HTTP clients in a process of their own, for `bench.load`: an order a line in, what came of it as JSON out.

Started with HOST:PORT, a key's id and its secret, and a folder of pictures. Connections are kept, requests
are signed before the clock starts. An order is the fields of `Closed` (so many clients, each asks again when
it is answered) or of `Open` (requests come at random moments, whether or not others are answered) as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials

from bench.load_messages import SignedMessages, pictures_in


@dataclass(frozen=True, slots=True)
class Closed:
    """`requests` by so many clients."""

    operation: str
    requests: int
    clients: int


@dataclass(frozen=True, slots=True)
class Open:
    """`requests` at the moments of a Poisson process of `rate` a second."""

    operation: str
    requests: int
    rate: float


@dataclass(slots=True)
class Answers:
    """What came back, and how long each answer took in seconds, from the moment at which it was due to be
    asked for. `errors` counts what was neither an answer nor ThrottlingException."""

    seconds: float = 0.0
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)


class Connection:
    """One connection, opened again where the server has closed it."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, message: bytes) -> str:
        """The error's type of the answer; empty for a good one."""
        if self._streams is None or self._streams[0].at_eof():  # the server ends what is idle for a minute
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(message)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            writer.close()
            self._streams = None
        return "" if " 200 " in status else headers.get("x-amzn-errortype", status)


class Clients:
    """All clients of a server."""

    def __init__(self, address: str, keys: Credentials, folder: Path) -> None:
        self._address, self._keys = address, keys
        self._pictures = pictures_in(folder)
        self._messages: dict[str, SignedMessages] = {}
        self._idle: list[Connection] = []

    async def obey(self, order: Closed | Open) -> Answers:
        messages = self._messages.get(order.operation)
        if messages is None:
            messages = SignedMessages(self._address, self._keys, order.operation, self._pictures)
            self._messages[order.operation] = messages
        messages.sign_all()
        answers, began = Answers(), time.perf_counter()
        if isinstance(order, Closed):
            left = iter(range(order.requests))
            await asyncio.gather(*(self._client(messages, left, answers) for _ in range(order.clients)))
        else:
            await self._arrivals(messages, order, answers)
        answers.seconds = time.perf_counter() - began
        return answers

    async def _client(self, messages: SignedMessages, left: Any, answers: Answers) -> None:
        for _ in left:
            await self._ask(messages, time.perf_counter(), answers)

    async def _arrivals(self, messages: SignedMessages, order: Open, answers: Answers) -> None:
        moments, due = random.Random(7), time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(order.requests):
                due += moments.expovariate(order.rate)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(self._ask(messages, due, answers))

    async def _ask(self, messages: SignedMessages, due: float, answers: Answers) -> None:
        connection = self._idle.pop() if self._idle else Connection(self._address)
        error = await connection.ask(next(messages))
        took = time.perf_counter() - due
        self._idle.append(connection)
        if not error:
            answers.answered.append(took)
        elif error == "ThrottlingException":
            answers.refused.append(took)
        else:
            answers.errors[error] = answers.errors.get(error, 0) + 1


def read_order(line: str) -> Closed | Open:
    fields: Mapping[str, Any] = json.loads(line)
    return Open(**fields) if "rate" in fields else Closed(**fields)


def main(address: str, key_id: str, secret: str, folder: str) -> None:
    gc.disable()  # a pause of the clients' would be measured as one of the server's
    clients = Clients(address, Credentials(key_id, secret), Path(folder))
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            answers = runner.run(clients.obey(read_order(line)))
            print(json.dumps(asdict(answers)), flush=True)
            gc.collect()


if __name__ == "__main__":
    main(*sys.argv[1:])
