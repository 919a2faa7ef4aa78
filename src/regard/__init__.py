"""Regard: a self-hosted vision service that speaks Amazon Rekognition."""

from importlib.metadata import version

__version__ = version("regard")
