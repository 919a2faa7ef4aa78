"""`regard api-model`: the model of Regard's own API, for boto3 and the AWS CLI."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from regard.api.model import REGARD, load_api
from regard.api.own_model import OWN_FILES, write_own
from regard.cli.printing import say
from regard.errors import RegardError

_HOME = Path("~/.aws/models")  # where botocore looks, whatever AWS_DATA_PATH says


def api_model(
    install: Annotated[
        bool, typer.Option("--install", help="Put it into ~/.aws/models, where boto3 and the AWS CLI look.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Put it into this folder, for AWS_DATA_PATH to name.")
    ] = None,
    print_: Annotated[bool, typer.Option("--print", help="Print the service model, as JSON.")] = False,
) -> None:
    """Give boto3 and the AWS CLI the operations that Rekognition doesn't have."""
    if (install, folder is not None, print_).count(True) != 1:
        raise RegardError("Say one of --install, --folder and --print.")
    if print_:
        typer.echo(write_own("service-2").decode(), nl=False)
        return
    where = (folder or _HOME).expanduser() / REGARD / load_api(REGARD).model.api_version
    try:
        _write(where)
    except OSError as error:
        raise RegardError(f"{where} can't be written: {error.strerror}.") from error
    say(f'The model is in {where}: boto3.client("regard") and `aws regard help` find it.')


def _write(folder: Path) -> None:
    """Each file at once: a client that starts now reads the old one or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in OWN_FILES:
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(write_own(kind))
        Path(file.name).chmod(0o644)
        os.replace(file.name, folder / f"{kind}.json")
