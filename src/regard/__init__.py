"""Regard: a self-hosted vision service that speaks Amazon Rekognition."""

from importlib.metadata import version

from regard.client import client

__version__ = version("regard")
__all__ = ["__version__", "client"]
