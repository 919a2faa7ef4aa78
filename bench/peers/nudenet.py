"""`nudenet`, the network of the pack of that name, without Regard's rules about what counts."""

from __future__ import annotations

from typing import Any

from bench.peers.peer import Examine, Load, Peer

PEER = Peer(
    module="nudenet",
    name="nudenet 3.4.2",
    task="parts of the body",
    installs=(("nudenet==3.4.2", "onnxruntime==1.32.0"),),
    code_licence="AGPL-3.0",
    weights_licence="AGPL-3.0",
)


def open_peer() -> tuple[Load, Examine]:
    """Finds parts of the body. The decoding is not timed."""
    import cv2
    import onnxruntime

    plain = onnxruntime.InferenceSession

    def single(path: Any, *_: Any, **__: Any) -> Any:
        """NudeNet takes no options of a session: it would have a thread for each core."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return plain(path, options, providers=["CPUExecutionProvider"])

    onnxruntime.InferenceSession = single
    cv2.setNumThreads(1)
    from nudenet import NudeDetector

    return cv2.imread, NudeDetector().detect
