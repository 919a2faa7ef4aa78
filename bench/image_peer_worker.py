"""Runs inside a peer's environment: a picture's path a line in, seconds of CPU as JSON out.

Named by its argument: `rapidocr` or `nudenet`. The picture is decoded before the clock starts, and every
network has one thread, as Regard's have.
"""

import json
import sys
import time

import cv2
import onnxruntime


def one_thread_each():
    """NudeNet takes no options of a session: it would have a thread for each core."""
    plain = onnxruntime.InferenceSession

    def single(path, *_, **__):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return plain(path, options, providers=["CPUExecutionProvider"])

    onnxruntime.InferenceSession = single
    cv2.setNumThreads(1)


def reader(name):
    if name == "nudenet":
        from nudenet import NudeDetector

        return NudeDetector().detect
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    engine = RapidOCR(params={**threads, "Global.log_level": "error"})
    return lambda picture: engine(picture, return_word_box=True)


one_thread_each()
read = reader(sys.argv[1])
for line in sys.stdin:
    picture = cv2.imread(line.rstrip("\n"))
    started = time.process_time()
    read(picture)
    print(json.dumps(time.process_time() - started), flush=True)
