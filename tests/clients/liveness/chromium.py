"""Chromium, driven over its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import PATIENCE
from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--ignore-certificate-errors",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
    "--window-size=420,720",
)


class Page:
    """A page of a running browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.reports: list[str] = []
        """What the page's console said, its uncaught errors and broken policies included."""

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a command. Raises RuntimeError for one that was refused."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._connection.recv(timeout=PATIENCE))
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(message["error"]["message"])
                result: dict[str, Any] = message["result"]
                return result
            self._keep(message)

    def _keep(self, message: dict[str, Any]) -> None:
        if message["method"] == "Log.entryAdded":
            self.reports.append(message["params"]["entry"]["text"])
        elif message["method"] == "Runtime.exceptionThrown":
            self.reports.append(json.dumps(message["params"]["exceptionDetails"]))
        elif message["method"] == "Runtime.consoleAPICalled" and message["params"]["type"] == "error":
            said = (str(one.get("value", one.get("description"))) for one in message["params"]["args"])
            self.reports.append(" ".join(said))

    def open(self, url: str, *scripts: str) -> None:
        """Shows another page; `scripts` run before its own."""
        sources = "\n".join(scripts)
        added = self.command("Page.addScriptToEvaluateOnNewDocument", source=sources)
        self.command("Page.navigate", url=url)
        self.until(f"document.readyState === 'complete' && location.href === {json.dumps(url)}")
        self.command("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])

    def evaluate(self, expression: str) -> Any:
        """What an expression of JavaScript gives, awaited. Raises RuntimeError for what it throws."""
        answer = self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """Waits until an expression holds, and gives its value. Raises AssertionError with what is shown."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            value = self.evaluate(expression)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"{expression} never held; shown: {self.text()!r}; reports: {self.reports}")

    def text(self) -> str:
        return str(self.evaluate("document.body.innerText"))

    def click(self, label: str) -> None:
        """Clicks the button of this label, once it is there."""
        button = f"[...document.querySelectorAll('button')].find((one) => one.innerText.trim() === {label!r})"
        self.until(f"{button} !== undefined && !{button}.disabled")
        self.evaluate(f"{button}.click()")

    def photograph(self, file: Path) -> None:
        """Writes what is shown into a file, PNG."""
        taken = self.command("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def browsing(profile: Path) -> Iterator[Page]:
    """Meanwhile a browser without a window runs."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed; Debian's package is `chromium`")
    more = ["--no-sandbox"] if os.geteuid() == 0 else []  # which Chromium has for other users than root alone
    process = subprocess.Popen(
        [program, *OPTIONS, *more, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with connect(_target(process, profile), max_size=None, proxy=None) as connection:
            page = Page(connection)
            for domain in ("Page", "Runtime", "Log"):
                page.command(f"{domain}.enable")
            yield page
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _target(process: subprocess.Popen[bytes], profile: Path) -> str:
    """Where the browser's one page is driven."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            port = (profile / "DevToolsActivePort").read_text().split()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
                pages = [one for one in json.load(answer) if one["type"] == "page"]
            return str(pages[0]["webSocketDebuggerUrl"])
        except (OSError, IndexError):
            time.sleep(0.05)
    raise RuntimeError("Chromium did not start")
