"""What `make dist` makes: nothing is missing, nothing is too much, and it runs away from the checkout."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import regard
from regard.packs.install import InstalledPack
from tests.deploy.installed import ROOT, lend_libraries, make_environment, pip, readme_example, served

REGARD = f"regard-{regard.__version__}"
OFFLINE = ("unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$0" "$@"')


@dataclass(frozen=True, slots=True)
class Distribution:
    wheel: Path
    sdist: Path


def make(folder: Path, *forms: str, source: Path = ROOT) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", *forms, "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    """The sdist, and the wheel that was built of it."""
    folder = tmp_path_factory.mktemp("dist")
    make(folder)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Distribution(wheel, sdist)


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout of git")
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name for name in listed if (ROOT / name).exists()}


def test_the_wheel_holds_the_package_whole_and_nothing_else(made: Distribution, tracked: set[str]) -> None:
    held = {name for name in zipfile.ZipFile(made.wheel).namelist() if not name.endswith("/")}
    package = {name.removeprefix("src/") for name in tracked if name.startswith("src/")}
    assert held - package == {
        f"{REGARD}.dist-info/{name}"
        for name in ("METADATA", "WHEEL", "entry_points.txt", "licenses/LICENSE", "RECORD")
    }
    assert package - held == set()


@pytest.mark.parametrize(
    "ending", [".py", ".html", ".po", ".css", ".js", ".wasm", ".npz", ".json", ".toml", "py.typed"]
)
def test_every_kind_of_file_that_regard_reads_is_in_the_wheel(made: Distribution, ending: str) -> None:
    held = sum(name.endswith(ending) for name in zipfile.ZipFile(made.wheel).namelist())
    assert held == sum(1 for file in (ROOT / "src").rglob(f"*{ending}") if file.is_file())


def test_the_sdist_is_the_checkout(made: Distribution, tracked: set[str]) -> None:
    with tarfile.open(made.sdist) as archive:
        held = {member.name.removeprefix(f"{REGARD}/") for member in archive if not member.isdir()}
    assert held == tracked | {"PKG-INFO"}


def test_the_sdist_builds_the_same_wheel_as_the_checkout(made: Distribution, tmp_path: Path) -> None:
    make(tmp_path, "--wheel")
    (direct,) = tmp_path.glob("*.whl")
    assert hashlib.sha256(direct.read_bytes()).digest() == hashlib.sha256(made.wheel.read_bytes()).digest()


@pytest.fixture(scope="module")
def python(made: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a virtual environment with the wheel in it, which sees the libraries of this one."""
    python = make_environment(tmp_path_factory.mktemp("venv"))
    pip("install", "--no-deps", "--no-index", made.wheel, python=python)
    lend_libraries(python)
    return python


def test_an_installed_wheel_says_its_version_and_is_its_own(python: Path, tmp_path: Path) -> None:
    said = subprocess.run(
        [python.with_name("regard"), "--version"], cwd=tmp_path, capture_output=True, check=True
    )
    assert said.stdout.decode() == f"regard {regard.__version__}\n"
    where = [python, "-c", "import regard; print(regard.__file__)"]
    file = subprocess.run(where, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    assert Path(file).is_relative_to(python.parent.parent)


@pytest.mark.slow
def test_an_installed_wheel_serves_from_an_empty_folder(
    python: Path, installed_pack: InstalledPack, tmp_path: Path
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with served(python, folder, REGARD_MODELS=str(installed_pack.folder.parent)) as address:
        name, similarity = readme_example(address, folder / "data/credentials", python=python)
    assert (name, float(similarity) > 99) == ("eileen", True)
    assert {entry.name for entry in folder.iterdir()} == {"data"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_it_is_installed_and_serves_without_a_network(
    made: Distribution, installed_pack: InstalledPack, tmp_path: Path
) -> None:
    """As docs/install.md says: packages and models in a folder, then no network at all, not even for pip."""
    if shutil.which("unshare") is None or subprocess.run([*OFFLINE, "true"], check=False).returncode:
        pytest.skip("a network of its own takes root, unshare and ip (Debian: util-linux, iproute2)")
    packages, folder = tmp_path / "packages", tmp_path / "empty"
    pip("download", "--dest", packages, f"regard[postgres] @ {made.wheel.as_uri()}", "pip")
    regard_here = [sys.executable, "-m", "regard", "models"]
    models = ["--models", str(installed_pack.folder.parent)]
    subprocess.run([*regard_here, "export", packages / "models.tar", *models], check=True)

    folder.mkdir()
    python = make_environment(tmp_path / "venv")
    offline = [*OFFLINE, "env", "-u", "PIP_FIND_LINKS", "PIP_CONFIG_FILE=/dev/null"]
    install = [sys.executable, "-m", "pip", "--quiet", "--python", python, "install", "--no-index"]
    subprocess.run([*offline, *install, "--find-links", packages, "regard[postgres]"], check=True)
    there = tmp_path / "models"
    subprocess.run(
        [
            *OFFLINE,
            python.with_name("regard"),
            "models",
            "import",
            packages / "models.tar",
            "--models",
            there,
        ],
        check=True,
    )
    script = folder / "try.sh"
    script.write_text(
        f"{python.with_name('regard')} serve --port 8090 & server=$!\n"
        "until curl -sf http://127.0.0.1:8090/healthz; do kill -0 $server || exit 1; sleep 0.2; done\n"
        f"cd {ROOT} && {python} {folder}/example.py; code=$?; kill $server; wait $server && exit $code\n"
    )
    example = (ROOT / "README.md").read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    (folder / "example.py").write_text(example)
    settings = [f"REGARD_MODELS={there}", f"AWS_SHARED_CREDENTIALS_FILE={folder}/data/credentials"]
    settings += ["REGARD_JOB_WORKERS=0", "REGARD_STREAM_WORKERS=0"]
    done = subprocess.run(
        [*OFFLINE, "env", *settings, "sh", str(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "eileen 99." in done.stdout
