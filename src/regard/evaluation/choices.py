"""What whoever audits can choose; apart from the rest, which takes a second to import."""

from __future__ import annotations

from enum import StrEnum


class Identities(StrEnum):
    """How it is known who a picture shows."""

    AUTO = "auto"  # the labels' column `identity`, else the folder
    FOLDER = "folder"
    FILE = "file"  # every picture shows somebody else


class Main(StrEnum):
    """Which face of a picture with several is meant."""

    LARGEST = "largest"
    MIDDLE = "middle"
