"""`regard backup` and `regard restore` as a stranger uses them, beside a real server."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.commands import run_regard_text
from tests.conftest import start_server, stop_server

from regard.packs.install import InstalledPack


def regard(*arguments: object, code: int = 0, answer: str = "") -> subprocess.CompletedProcess[str]:
    return run_regard_text(*arguments, code=code, typed=answer)


def test_a_server_is_backed_up_while_it_serves_and_restored_when_it_is_stopped(
    installed_pack: InstalledPack, tmp_path: Path, portrait: Path
) -> None:
    data, file = tmp_path / "data", tmp_path / "regard.bak"
    server = start_server(data)
    try:
        client = server.client()
        client.create_collection(CollectionId="c", Tags={"team": "a"})
        image = {"Bytes": portrait.read_bytes()}
        client.index_faces(CollectionId="c", Image=image, ExternalImageId="eileen")
        said = regard("backup", file, "--data", data)
        assert "1 collection, 1 face, 0 users, 1 key and" in said.stdout
        assert f"are in {file}, " in said.stdout
        client.index_faces(CollectionId="c", Image=image, ExternalImageId="later")
        refused = regard("restore", file, "--data", data, "--force", "--yes", code=1)
        assert refused.stderr.endswith(f"regard: A server or a command is using {data}; stop it first.\n")
    finally:
        stop_server(server)
    assert "There is a database in" in regard("restore", file, "--data", data, code=1).stderr
    declined = regard("restore", file, "--data", data, "--force", answer="n\n", code=1)
    assert f"Replace everything in {data} by what is in {file}?" in declined.stdout
    said = regard("restore", file, "--data", data, "--force", answer="y\n")
    assert "1 collection, 1 face, 0 users, 1 key and" in said.stdout
    server = start_server(data)
    try:
        client = server.client()
        matches = client.search_faces_by_image(CollectionId="c", Image=image)["FaceMatches"]
        assert [match["Face"]["ExternalImageId"] for match in matches] == ["eileen"]
        arn = client.describe_collection(CollectionId="c")["CollectionARN"]
        assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "a"}
    finally:
        stop_server(server)
    assert "unbroken" in regard("audit", "verify", "--data", data).stdout
    assert '"operation": "restore"' in regard("audit", "export", "--data", data).stdout


def test_a_new_folder_gets_what_the_backup_holds(tmp_path: Path) -> None:
    regard("keys", "create", "ann", "--data", tmp_path / "data")
    regard("backup", tmp_path / "file", "--data", tmp_path / "data")
    regard("restore", tmp_path / "file", "--data", tmp_path / "new")
    assert "ann" in regard("keys", "list", "--data", tmp_path / "new").stdout
    assert '"operation": "BackUp"' in regard("audit", "export", "--data", tmp_path / "data").stdout


def test_what_a_person_can_mend_is_one_sentence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    regard("keys", "create", "ann", "--data", data)
    for arguments, sentence in (
        (
            ["backup", tmp_path, "--force"],
            "can't be written; name a file in a folder that exists.",
        ),
        (["backup", tmp_path / "none" / "file"], "can't be written; name a file in a folder that exists."),
        (["backup", data / "regard.db", "--force"], "is the database itself; name another file."),
        (["backup", data / "regard.db"], "is there already; name a file that is not, or give --force."),
        (["restore", tmp_path / "none"], "none can't be read: No such file or directory."),
        (["restore", data / "regard.db"], "is not a file that `regard backup` wrote."),
    ):
        assert sentence in regard(*arguments, "--data", data, code=1).stderr
    assert "There is no database" in regard("backup", "x", "--data", tmp_path / "none", code=1).stderr
    assert "regard.db" in {path.name for path in data.iterdir()}
