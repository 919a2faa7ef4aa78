"""Regard: a self-hosted vision service that speaks Amazon Rekognition."""

from __future__ import annotations

from regard.client import client

__all__ = ["__version__", "client"]


def __getattr__(name: str) -> str:
    """The version, read when it is asked for: `regard --help` need not load importlib.metadata."""
    if name == "__version__":
        from importlib.metadata import version

        return version("regard")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
