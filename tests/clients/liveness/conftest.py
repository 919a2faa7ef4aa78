"""A server with TLS, a browser with a camera that the tests hold, and the component in a page."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from tests.conftest import PICTURES, Server, start_server, stop_server
from tests.signed import Signed

from regard.packs.install import InstalledPack

from .chromium import Page, browsing

LIGHT: Final = "FaceMovementAndLightChallenge"
MOVEMENT: Final = "FaceMovementChallenge"
CAMERA: Final = (Path(__file__).parent / "camera.js").read_text()
# Between the eyes of tests/pictures/astronaut.jpg, and the distance of these, px.
FACE: Final = {"x": 226, "y": 116, "eyes": 42}


@dataclass(frozen=True, slots=True)
class LivenessSite:
    """A server, as the backend of a site calls it."""

    server: Server
    secure: str
    """Where it serves by TLS, https://HOST:PORT."""

    def create(self, challenge: str, **settings: Any) -> str:
        """The id of a new session."""
        preferences = [{"Type": challenge}]
        answer = self.server.client().create_face_liveness_session(
            Settings={"ChallengePreferences": preferences, **settings}
        )
        return str(answer["SessionId"])

    def credentials(self, session_id: str) -> dict[str, str]:
        """What the browser of whoever is checked is given, as the component takes it."""
        made = Signed(self.server).call("POST", f"/regard/v1/face-liveness-sessions/{session_id}/credentials")
        names = {
            "accessKeyId": "AccessKeyId",
            "secretAccessKey": "SecretAccessKey",
            "sessionToken": "SessionToken",
        }
        return {name: made[told] for name, told in names.items()}

    def result(self, session_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.server.client().get_face_liveness_session_results(SessionId=session_id)
        return answer


@pytest.fixture(scope="package")
def site(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivenessSite]:
    data = tmp_path_factory.mktemp("liveness") / "data"
    started = start_server(data, "--tls-local", "--tls-port", "0")
    log = (data.parent / f"{data.name}.log").read_text()
    found = re.search(r"https://127\.0\.0\.1:\d+", log)
    assert found is not None, log
    yield LivenessSite(started, found[0])
    stop_server(started)


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@dataclass(frozen=True, slots=True)
class CheckPage:
    """A page of the server's own origin that shows the component, with what this tells its page in `told`."""

    page: Page
    site: LivenessSite

    def open(self, *, is_held_to_policy: bool = True, **camera: Any) -> None:
        """The try page, before a camera; `camera` are the properties that camera.js names."""
        self.page.command("Page.setBypassCSP", enabled=not is_held_to_policy)
        self.page.open(f"{self.site.server.endpoint}/console/liveness/try", *camera_scripts(**camera))

    def show(
        self,
        session_id: str,
        *,
        credentials: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        **camera: Any,
    ) -> None:
        """The component, begun, as a page of a site would show it."""
        self.open(is_held_to_policy=False, **camera)  # another site's page allows what endpoint it likes
        given = credentials or self.site.credentials(session_id)
        options = {"sessionId": session_id, "endpoint": endpoint or self.site.secure}
        self.page.evaluate(
            f"""(async () => {{
              const assets = location.origin + '/regard/v1/liveness/assets/';
              const {{ showFaceLiveness }} = await import(assets + 'liveness.js');
              window.told = [];
              const tell = (kind) => (event) => void told.push([kind, event?.state, event?.error?.message]);
              document.getElementById('begin').hidden = true;
              document.getElementById('check').hidden = false;
              showFaceLiveness(document.getElementById('check'), {{
                ...{json.dumps(options)}, assets, credentials: async () => ({json.dumps(dict(given))}),
                onAnalysisComplete: tell('complete'), onError: tell('error'), onUserCancel: tell('cancelled'),
              }});
            }})()"""
        )
        self.start()

    def start(self) -> None:
        """Clicks what begins the recording, unless the component has told an error before."""
        button = "[...document.querySelectorAll('button')].find((one) => /video check/.test(one.innerText))"
        self.page.until(f"{button} !== undefined || window.told?.length")
        self.page.evaluate(f"{button}?.click()")

    def told(self) -> list[list[str | None]]:
        """What the component tells its page, once it has told anything."""
        told: list[list[str | None]] = self.page.until("told.length > 0 && told")
        return told

    def text(self) -> str:
        return self.page.text()


@pytest.fixture
def check(browser: Page, site: LivenessSite) -> CheckPage:
    return CheckPage(browser, site)


def camera_scripts(**camera: Any) -> tuple[str, str]:
    photo = base64.b64encode((PICTURES / "astronaut.jpg").read_bytes()).decode()
    held = {"photo": f"data:image/jpeg;base64,{photo}", "face": FACE, "waits": 600, "moves": 1500, **camera}
    return CAMERA, f"Object.assign(window.camera, {json.dumps(held)});"
