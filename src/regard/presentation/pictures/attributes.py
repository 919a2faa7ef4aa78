"""Attributes of a face in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What is worth a word where it is so; the rest goes without saying.
_NOTED = {
    "Smile": "smiles",
    "Eyeglasses": "glasses",
    "Sunglasses": "sunglasses",
    "Beard": "beard",
    "Mustache": "moustache",
    "MouthOpen": "mouth open",
    "FaceOccluded": "partly hidden",
}


def noted(face: Mapping[str, Any]) -> list[str]:
    """What is worth a word of a FaceDetail, each with its confidence in percent."""
    found = [f"{words} {face[key]['Confidence']:.0f}" for key, words in _NOTED.items() if face[key]["Value"]]
    if not face["EyesOpen"]["Value"]:
        found.append(f"eyes closed {face['EyesOpen']['Confidence']:.0f}")
    return found
