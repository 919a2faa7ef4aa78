"""What the value of a setting may be, and what it becomes."""

from __future__ import annotations

import os
import re
from dataclasses import Field
from pathlib import Path
from typing import Any, Final

from regard.addresses import (
    is_endpoint,
    read_milvus,
    read_origin,
    read_proxies,
    read_public_host,
    read_public_url,
)
from regard.errors import RegardError

STAMPING: Final = "tsp+"
"""Begins a REGARD_AUDIT_ANCHOR that is a time-stamping authority."""


def variable_of(setting: Field[Any]) -> str:
    """The environment variable of a setting."""
    return f"REGARD_{setting.name.upper()}"


def read_value(setting: Field[Any], value: Any) -> Any:
    """A value of the setting's type. Raises RegardError when it is none."""
    if isinstance(setting.default, int):
        return _whole_number(setting, value)
    if setting.name in ("data", "models", "key_folder", "liveness_card", "liveness_recapture"):
        return Path(os.path.expanduser(value))
    is_file = setting.name in ("prices", "source_certificates", "tls_cert", "tls_key", "oidc")
    if is_file or (setting.name == "audit_anchor" and "://" not in value):
        return os.path.expanduser(value)
    if setting.name == "buckets":
        return ",".join(_with_home(item) for item in str(value).split(","))
    if setting.name == "origins":
        return ",".join(read_origin(item.strip()) for item in str(value).split(","))
    if setting.name == "public_url":
        return read_public_url(str(value))
    if setting.name == "proxies":
        return read_proxies(str(value))
    if setting.name == "public_hosts":
        return ",".join(read_public_host(item.strip()) for item in str(value).split(","))
    if setting.name == "account" and not re.fullmatch("[0-9]{12}", value):
        raise RegardError("REGARD_ACCOUNT must be 12 digits.")
    if setting.name == "index_engine" and value not in ("local", "milvus", "ray"):
        raise RegardError(f"REGARD_INDEX_ENGINE must be `local`, `milvus` or `ray`, not {value!r}.")
    if setting.name == "cost_hour" and not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII):
        raise RegardError(f"REGARD_COST_HOUR must be a number like 0.35, not {value!r}.")
    if setting.name == "webhooks" and value not in ("public", "private", "none"):
        raise RegardError(f"REGARD_WEBHOOKS must be `public`, `private` or `none`, not {value!r}.")
    endpoints = ("sns_endpoint", "kinesis_endpoint", "kinesis_video_endpoint")
    if setting.name in endpoints and not is_endpoint(value):
        raise RegardError(
            f"{variable_of(setting)} must be `aws` or an http:// or https:// URL, not {value!r}."
        )
    if setting.name == "stream_folders":
        return ",".join(os.path.expanduser(folder.strip()) for folder in str(value).split(","))
    if setting.name == "audit_anchor" and not is_endpoint(value.removeprefix(STAMPING)):
        raise RegardError(
            "REGARD_AUDIT_ANCHOR must be a file or an https:// URL, or tsp+https:// and an authority's, "
            f"not {value!r}."
        )
    if setting.name == "milvus":
        return read_milvus(str(value))
    if setting.name == "s3_endpoint" and not is_endpoint(value):
        raise RegardError(f"REGARD_S3_ENDPOINT must be `aws` or an http:// or https:// URL, not {value!r}.")
    return value


def _whole_number(setting: Field[Any], value: Any) -> int:
    try:
        number = int(value)
    except (ValueError, TypeError) as error:
        raise RegardError(f"{variable_of(setting)} must be a whole number, not {value!r}.") from error
    minimum, maximum = setting.metadata["minimum"], setting.metadata["maximum"]
    if number < minimum or (maximum is not None and number > maximum):
        bounds = f"{minimum} or more" if maximum is None else f"from {minimum} to {maximum}"
        raise RegardError(f"{variable_of(setting)} must be {bounds}, not {number}.")
    return number


def _with_home(bucket: str) -> str:
    """`NAME=~/FOLDER` with the home folder spelled out: no shell does so behind an equals sign."""
    name, equals, folder = bucket.partition("=")
    return name + equals + os.path.expanduser(folder.strip())
