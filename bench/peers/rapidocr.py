"""`rapidocr`, PaddleOCR's networks in ONNX Runtime: the same three files that Regard's default pack has."""

from __future__ import annotations

from typing import Any

from bench.peers.peer import Examine, Load, Peer

PEER = Peer(
    module="rapidocr",
    name="rapidocr 3.10.0",
    task="text",
    installs=(("rapidocr==3.10.0", "onnxruntime==1.32.0"),),
    code_licence="Apache-2.0",
    weights_licence="Apache-2.0",
)


def open_peer() -> tuple[Load, Examine]:
    """Reads words and lines, each with its corners, in px. The decoding is not timed."""
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    engine = RapidOCR(params={**threads, "Global.log_level": "error"})

    def examine(picture: Any) -> Any:
        answer = engine(picture, return_word_box=True)
        if answer.boxes is None:
            return {"words": [], "lines": []}
        words = [[text, quad] for line in answer.word_results for text, _, quad in line]
        lines = [[text, quad.tolist()] for text, quad in zip(answer.txts, answer.boxes, strict=True)]
        return {"words": words, "lines": lines}

    return cv2.imread, examine
