"""Processes with two real face models: `python -m tests.two_models DATA FOLDER COLLECTION` upgrades one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.settings import Settings
from regard.vision.findings import Pictures
from tests.collections.made_models import BOTH

PICTURES = Path(__file__).parent / "pictures"


def opened(data: Path, face_model: str | None = None) -> Parts:
    """A process on a data folder, the photos served as the bucket `photos`."""
    settings = Settings.load({}, data=data, face_model=face_model, buckets=f"photos={PICTURES}")
    return build(settings, face_models=BOTH)


def call(parts: Parts, operation: str, pictures: Pictures | None = None, **request: Any) -> dict[str, Any]:
    return parts.gate.call(operation, request, LOCAL, pictures=pictures)


def photo(name: str) -> dict[str, Any]:
    """An Image of that bucket."""
    return {"S3Object": {"Bucket": "photos", "Name": f"{name}.jpg"}}


if __name__ == "__main__":
    made = opened(Path(sys.argv[1]))
    call(made, "upgrade_collection", CollectionId=sys.argv[3], Folder=Path(sys.argv[2]))
    made.close()
