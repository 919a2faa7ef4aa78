"""PySceneDetect's detectors, at their defaults, fed with frames that are decoded already."""

from __future__ import annotations

from typing import Any

from bench.peers.peer import Examine, Load, Peer

PEER = Peer(
    module="pyscenedetect",
    name="PySceneDetect 0.7.2",
    task="shots",
    installs=(("scenedetect-headless==0.7.2", "numpy==2.4.6"),),
    code_licence="BSD-3-Clause",
    weights_licence="none: it has no networks",
    variants={"content": {"detector": "ContentDetector"}, "adaptive": {"detector": "AdaptiveDetector"}},
)


def open_peer(detector: str) -> tuple[Load, Examine]:
    """Finds the frames at which shots begin, in a .npy file of frames (n, height, width, 3), uint8, RGB."""
    import cv2
    import numpy as np
    import scenedetect

    cv2.setNumThreads(1)

    def load(path: str) -> Any:
        return np.ascontiguousarray(np.load(path)[..., ::-1])

    def examine(frames: Any) -> Any:
        made, found = getattr(scenedetect, detector)(), []
        for number, picture in enumerate(frames):
            found += made.process_frame(scenedetect.FrameTimecode(number, 25.0), picture)
        found += made.post_process(scenedetect.FrameTimecode(len(frames) - 1, 25.0))
        return [cut.frame_num for cut in found]

    return load, examine
