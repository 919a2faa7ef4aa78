"""A check of liveness by the AWS SDK for JavaScript in Node.js: a stream both ways over HTTP/1.1."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from tests.conftest import PICTURES, Server
from tests.waiting import PATIENCE

CHALLENGE = "FaceMovementChallenge"


@pytest.fixture(scope="module")
def approach(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a face that comes closer, as browsers record: WebM, VP8."""
    file = tmp_path_factory.mktemp("video") / "approach.webm"
    photo = Image.open(PICTURES / "astronaut.jpg").convert("RGB")
    with av.open(str(file), "w") as out:
        stream = out.add_stream("libvpx", rate=15, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height = 320, 240
        for number in range(60):
            side = 340 - 3 * number  # px of the photo that the frame's width shows
            left, top = 226 - side / 2, 130 - side * 3 / 8
            frame = photo.transform(
                (320, 240), Image.Transform.EXTENT, (left, top, left + side, top + side * 3 / 4)
            )
            out.mux(stream.encode(av.VideoFrame.from_image(frame)))
        out.mux(stream.encode())
    return file


def stream(javascript: Path, server: Server, session_id: str, video: Path, **changed: str) -> dict[str, Any]:
    environment = {
        "REGARD_ENDPOINT": server.endpoint,
        "AWS_ACCESS_KEY_ID": server.key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret,
        "AWS_REGION": "eu-central-1",
        "SESSION": session_id,
        "CHALLENGE": CHALLENGE,
        "VIDEO": str(video),
    }
    done = subprocess.run(
        ["node", "liveness.mjs"],
        cwd=javascript,
        env={**os.environ, **environment, **changed},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_node_streams_a_check_to_its_end(javascript: Path, server: Server, approach: Path) -> None:
    client = server.client()
    settings = {"ChallengePreferences": [{"Type": CHALLENGE}]}
    session_id = client.create_face_liveness_session(Settings=settings)["SessionId"]
    told = stream(javascript, server, session_id, approach)
    assert told == {"seen": ["ChallengeEvent", "ServerSessionInformationEvent", "DisconnectionEvent"]}
    result = client.get_face_liveness_session_results(SessionId=session_id)
    assert result["Status"] == "SUCCEEDED"
    assert result["Challenge"]["Type"] == CHALLENGE

    again = stream(javascript, server, session_id, approach)
    assert again["error"] == "SessionNotFoundException"
    assert "used before" in again["message"]


def test_node_is_told_that_its_secret_is_wrong(javascript: Path, server: Server, approach: Path) -> None:
    session_id = server.client().create_face_liveness_session()["SessionId"]
    told = stream(javascript, server, session_id, approach, AWS_SECRET_ACCESS_KEY="0" * 40)
    assert told["error"] == "InvalidSignatureException"
