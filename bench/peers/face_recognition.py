"""`face_recognition`, dlib's detector and its network for faces behind a few functions."""

from __future__ import annotations

from typing import Any

from bench.peers.peer import Examine, Load, Peer

PEER = Peer(
    module="face_recognition",
    name="face_recognition 1.3.0 (dlib 20.0.1)",
    task="faces",
    installs=(
        # dlib itself would be compiled; dlib-bin is the same library, built. The models' package imports
        # pkg_resources, which newer setuptools no longer has.
        ("dlib-bin==20.0.1.post1", "numpy==2.4.6", "pillow==12.0.0", "click==8.3.1", "setuptools==79.0.1"),
        ("--no-deps", "face_recognition==1.3.0", "face_recognition_models==0.3.0"),
    ),
    code_licence="MIT",
    weights_licence="CC0-1.0",
    variants={"": {"upsample": 1}, "no upsampling": {"upsample": 0}},
)


def open_peer(upsample: int) -> tuple[Load, Examine]:
    """Decodes, detects and embeds, all timed. Finds boxes: left, top, width, height; px."""
    import face_recognition

    def examine(path: str) -> Any:
        picture = face_recognition.load_image_file(path)
        places = face_recognition.face_locations(picture, number_of_times_to_upsample=upsample)
        face_recognition.face_encodings(picture, places)
        return [[left, top, right - left, bottom - top] for top, right, bottom, left in places]

    return str, examine
