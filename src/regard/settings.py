"""Every setting, in one frozen table. Each is the environment variable `REGARD_<NAME>` in capitals."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from regard.errors import RegardError


def _setting(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults suit a laptop: loopback only, one folder, nothing fetched from outside."""

    host: str = _setting("127.0.0.1", "Address that `regard serve` listens on.")
    port: int = _setting(8090, "Port that `regard serve` listens on.")
    data: Path = _setting(Path("data"), "Folder of the database and the first key.")
    pack: str = _setting("default", "Model pack to use.")
    models: Path | None = _setting(None, "Folder of the installed packs; a per-user cache folder when unset.")
    region: str = _setting("us-east-1", "Region in the ARNs that Regard makes.")
    account: str = _setting("000000000000", "Account, 12 digits, in the ARNs that Regard makes.")
    workers: int = _setting(0, "Images analysed at the same time; 0 means one for each processor core.")
    queue: int = _setting(256, "Requests that may wait for a worker before new ones are throttled.")
    buckets: str = _setting("", "Folders served as S3 buckets: NAME=FOLDER, separated by commas.")
    s3_endpoint: str | None = _setting(
        None, "S3 endpoint of every other bucket; AWS's own when set to `aws`, no outside bucket when unset."
    )
    image_bytes: int = _setting(5_242_880, "Largest image in a request, in bytes.")
    object_bytes: int = _setting(15_728_640, "Largest image in a bucket, in bytes.")
    image_side: int = _setting(10_000, "Longest side of an image, in pixels.")
    image_pixels: int = _setting(60_000_000, "Most pixels of an image that is decoded.")
    clock_skew: int = _setting(300, "Seconds that a signed request's clock may be off.")
    collection_faces: int = _setting(10_000_000, "Most faces in one collection.")

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Settings from the environment; an override that is not None wins.

        Raises RegardError, naming the variable, when a value has the wrong form.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for setting in fields(cls):
            override = overrides.pop(setting.name, None)
            variable = f"REGARD_{setting.name.upper()}"
            if override is not None:
                values[setting.name] = override
            elif variable in environ:
                values[setting.name] = _parse(variable, environ[variable], setting.default)
        if overrides:
            raise TypeError(f"no such settings: {', '.join(sorted(overrides))}")
        settings = cls(**values)
        if not (settings.account.isdigit() and len(settings.account) == 12):
            raise RegardError("REGARD_ACCOUNT must be 12 digits.")
        return settings

    @property
    def worker_count(self) -> int:
        """How many images are analysed at the same time."""
        if self.workers:
            return self.workers
        if hasattr(os, "sched_getaffinity"):  # Linux: the cores that this process may use, not all there are
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1


def _parse(variable: str, text: str, default: Any) -> Any:
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError as error:
            raise RegardError(f"{variable} must be a whole number, not {text!r}.") from error
    if isinstance(default, Path) or variable == "REGARD_MODELS":
        return Path(text)
    return text
