"""The examples of README.md and docs/ run as they stand, or say here why they don't.

A block of Python or of commands is run by one of three: where `<!-- runs -->` or
`<!-- runs with a server -->` stands before it, by this module; where `<!-- walk -->` does, by the test of a
page whose commands lead somewhere; README.md's Python by `test_docs.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from regard.api.model import REGARD, load_api
from regard.api.own_model import OWN_FILES, write_own
from regard.packs.install import InstalledPack
from tests.conftest import PICTURES, Server, start_server, stop_server
from tests.video import clips, programme

ROOT = Path(__file__).parent.parent
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK: Final = re.compile(r"(?:^<!-- ([\w: ]+) -->\n)?^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS: Final = re.compile(r"(\$ )?(regard|aws|make|export|curl|pip|python|\.venv)\b")

# How many blocks of a page are not run as they stand, and why.
EXEMPT: Final = {
    "README.md": (2, "two commands and variables that the tutorial types"),
    "docs/audits.md": (
        2,
        "take hundreds of labelled pictures, which are not free to ship; tests/cli/test_audits.py",
    ),
    "docs/backup.md": (1, "restores what another block has written; the tutorial types both"),
    "docs/custom_labels.md": (
        7,
        "train on pictures of the reader's; tests/clients and tests/cli train on drawn ones",
    ),
    "docs/deploy.md": (
        7,
        "settings of machines, databases and clusters of the reader's; the tutorial types the like of them",
    ),
    "docs/face_models.md": (1, "takes a collection of an earlier model; tests/cli/test_upgrading.py"),
    "docs/install.md": (8, "take root, containers or a cluster; tests/deploy checks and builds what can be"),
    "docs/liveness.md": (1, "`make run`, as the tutorial has it"),
    "docs/metering.md": (1, "names keys and people of the reader's; tests/cli/test_usage.py"),
    "docs/migrate.md": (4, "take an account at AWS; tests/migration has another Rekognition"),
    "docs/moderation.md": (3, "install a pack under the AGPL, or train; tests/cli/test_moderate.py"),
    "docs/ray.md": (2, "take a cluster of machines; tests/test_ray.py has one on this machine"),
    "docs/tutorial/production.md": (1, "takes the machine's own PostgreSQL; the test has one of its own"),
    "docs/video.md": (3, "take a worker, a film elsewhere, a job of the reader's; tests/cli and tests/video"),
}


@dataclass(frozen=True, slots=True)
class Example:
    """A block of a page, and who runs it: `runs`, `walk…`, or nobody."""

    page: str
    mark: str
    language: str
    text: str

    @property
    def is_run(self) -> bool:
        by_test_docs = self.page == "README.md" and self.language == "python"
        return by_test_docs or self.mark.startswith(("runs", "walk"))


def examples() -> Iterator[Example]:
    """Every block of Python or of commands, in the order of the pages."""
    for page in PAGES:
        for mark, language, text in BLOCK.findall(page.read_text("utf-8")):
            if language in ("python", "sh") or (language == "" and COMMANDS.match(text)):
                yield Example(page.relative_to(ROOT).as_posix(), mark, language or "sh", text)


def named(language: str, mark: str = "runs") -> list[Any]:
    """The examples of a language that this module runs, with a server or without."""
    chosen = [one for one in examples() if one.mark == mark and one.language == language]
    return [pytest.param(one, id=f"{one.page}:{number}") for number, one in enumerate(chosen)]


def test_every_example_runs_or_says_why_not() -> None:
    idle = Counter(one.page for one in examples() if not one.is_run)
    allowed = {page: count for page, (count, _) in EXEMPT.items()}
    assert idle == allowed, (
        "write <!-- runs --> before an example that tests/test_examples.py can run, "
        "or count it in EXEMPT with the reason"
    )


@pytest.fixture(scope="module")
def office(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the buckets that the pages name; its jobs wait, since no worker runs."""
    folder = tmp_path_factory.mktemp("office")
    buckets = {name: folder / name for name in ("photos", "mine", "pets", "results")}
    for name, bucket in buckets.items():
        bucket.mkdir()
        shutil.copy(PICTURES / "gravel.jpg", bucket / "1.jpg")
        line = {"source-ref": f"s3://{name}/1.jpg"}
        said = {"content-moderation-groundtruth": {"ModerationLabels": []}} if name == "mine" else {}
        (bucket / "train.manifest").write_text(f"{json.dumps(line | said)}\n")
        (bucket / "manifest.jsonl").write_text(f"{json.dumps(line)}\n")
    served = [word for name, bucket in buckets.items() for word in ("--bucket", f"{name}={bucket}")]
    started = start_server(
        folder / "data",
        *served,
        environment={"REGARD_OUTPUT_BUCKETS": "results", "REGARD_WEBHOOKS": "private"},
    )
    yield started
    stop_server(started)


def at_hosts_that_are_known(text: str) -> str:
    """An example with addresses for its names, which no resolver here need know; nobody asks them."""
    return text.replace("camera.lan", "127.0.0.1").replace("//example.org", "//192.0.2.1")


@pytest.mark.parametrize("example", named("python"))
def test_python_runs_against_a_real_server(
    example: Example, office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / REGARD / load_api(REGARD).model.api_version  # as `regard api-model --folder` has it
    folder.mkdir(parents=True)
    for kind in OWN_FILES:
        (folder / f"{kind}.json").write_bytes(write_own(kind))
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(office.credentials_file))
    monkeypatch.setenv("AWS_ENDPOINT_URL_REGARD", office.endpoint)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    text = at_hosts_that_are_known(example.text.replace("http://127.0.0.1:8090", office.endpoint))
    known: dict[str, Any] = {
        "__name__": "__main__",
        "client": office.client(),
        "rekognition": office.client(),
        "time": time,
        "aws_secret_access_key": office.secret,
    }
    exec(compile(text, example.page, "exec"), known)  # noqa: S102 - a page of ours
    if "site" in known:
        session = known["site"].test_client().post("/liveness").get_json()["sessionId"]
        assert office.client().get_face_liveness_session_results(SessionId=session)["Status"] == "CREATED"
    if "is_from_regard" in known:
        secret = hmac.new(office.secret.encode(), b"regard webhook", hashlib.sha256).hexdigest()
        seconds, body = int(time.time()), b'{"Status": "SUCCEEDED"}'
        signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        assert known["is_from_regard"](f"t={seconds},v1={signed}", body)
        assert not known["is_from_regard"](f"t={seconds},v1={signed}", body + b" ")


@pytest.mark.slow
@pytest.mark.parametrize("example", named("sh"))
def test_commands_run(example: Example, installed_pack: InstalledPack, tmp_path: Path) -> None:
    type_in(tmp_path, example, "for name in people family; do regard collections create $name; done", {})


@pytest.mark.slow
@pytest.mark.parametrize("example", named("sh", "runs with a server"))
def test_commands_run_with_a_server(example: Example, office: Server, tmp_path: Path) -> None:
    before = (
        "regard api-model --install; regard collections create people; "
        "aws rekognition create-collection --collection-id staff || true"  # which another example has made
    )
    environment = {
        "AWS_SHARED_CREDENTIALS_FILE": str(office.credentials_file),
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_REKOGNITION": office.endpoint,
        "AWS_ENDPOINT_URL_REGARD": office.endpoint,
    }
    text = example.text.replace("http://127.0.0.1:8090", office.endpoint)
    text = text.replace("data/credentials", str(office.credentials_file)).replace("entrance", "back-door")
    text = at_hosts_that_are_known(text)
    type_in(tmp_path, replace(example, text=text), before, environment)


def type_in(folder: Path, example: Example, before: str, environment: dict[str, str]) -> None:
    """Types an example's commands, after others, in a folder with photos and a film; where some lines begin
    with `$`, the others are what commands print.
    """
    (folder / "photos" / "eileen").mkdir(parents=True)
    (folder / "backups").mkdir()
    for name in ("photo.jpg", "crew.jpg", "someone.jpg", "photos/eileen/1.jpg"):
        shutil.copy(PICTURES / "astronaut.jpg", folder / name)
    if "film.mp4" in example.text:
        clips.write(folder / "film.mp4", islice(programme.frames(), programme.RATE), rate=programme.RATE)
    scripts = sysconfig.get_path("scripts")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(scripts)
    environment = os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "REGARD_DATA": str(folder / "data"),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
        "HOME": str(folder),
        **environment,
    }
    typed = [line[2:] for line in example.text.splitlines() if line.startswith("$ ")]
    text = "\n".join(typed) or example.text
    text = text.replace("/mnt/backups", "backups").replace("/var/lib/regard", "restored")
    script = f"set -e\n{{ {before}; }} >&2\n{text}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
