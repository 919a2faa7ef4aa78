"""`deepface`, with dlib's detector and network: of the weights it offers, a package carries no others."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from bench.peers.peer import Examine, Load, Peer

PEER = Peer(
    module="deepface",
    name="deepface 0.0.103, dlib's weights",
    task="faces",
    installs=(
        ("deepface==0.0.103", "dlib-bin==20.0.1.post1", "flask", "flask-cors", "setuptools==79.0.1"),
        ("--no-deps", "face_recognition_models==0.3.0"),
    ),
    code_licence="MIT",
    weights_licence="of each model, says its README; dlib's: CC0-1.0",
)


def open_peer() -> tuple[Load, Examine]:
    """Decodes, detects and embeds, all timed. Finds boxes: left, top, width, height; px."""
    os.environ["DEEPFACE_HOME"] = sys.prefix
    _lay_weights(Path(sys.prefix) / ".deepface" / "weights")
    from deepface import DeepFace

    def examine(path: str) -> Any:
        faces = DeepFace.represent(path, model_name="Dlib", detector_backend="dlib", enforce_detection=False)
        areas = [face["facial_area"] for face in faces if face["face_confidence"] > 0]  # else: no face
        return [[area["x"], area["y"], area["w"], area["h"]] for area in areas]

    return str, examine


def _lay_weights(folder: Path) -> None:
    """Where deepface looks for what it would download: the same files, from a package."""
    import face_recognition_models

    folder.mkdir(parents=True, exist_ok=True)
    for file in (
        face_recognition_models.face_recognition_model_location(),
        face_recognition_models.pose_predictor_five_point_model_location(),
    ):
        shutil.copy(file, folder)
