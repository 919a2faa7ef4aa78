#!/usr/bin/env bash
# ONNX Runtime: quantize_dynamic makes a convolutional network four times slower, unless its weights are unsigned.
#
# Version:   onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, Python 3.11; an x86-64 processor
# Date:      2026-11-30
# Behaviour: quantize_dynamic turns convolutions into ConvInteger, its weights by default signed bytes (QInt8). Of those
#            the network takes several times as long as in floats. With weight_type=QUInt8, the same size and about
#            the same error, it takes no longer than before. Nothing warns: both are run, both are a quarter in size.
# Seen:      six convolutions of 3 x 3, 224 x 224 px, one thread, processor time on AMD EPYC with AVX-512 and VNNI:
#            floats              1,700 KB
#            signed (default)      429 KB   4.0 times as long   mean error .031
#            unsigned              429 KB    .9 times as long   mean error .029
# One would have guessed that the kind of weights that is the default is the one that is made fast, and that whole
# numbers are at least no slower than floats. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import logging
import os
import sys
import time
from statistics import median

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

logging.disable(logging.WARNING)
LAYERS = [(32, 2), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1)]  # channels and step
random = np.random.default_rng(0)


def network() -> onnx.ModelProto:
    nodes, weights, at, channels = [], [], "picture", 3
    for number, (wider, step) in enumerate(LAYERS):
        scale = np.sqrt(channels * 9 / 2)
        values = (random.standard_normal((wider, channels, 3, 3)) / scale).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"weights{number}"))
        nodes.append(
            helper.make_node(
                "Conv", [at, f"weights{number}"], [f"sum{number}"], pads=[1] * 4, strides=[step, step]
            )
        )
        nodes.append(helper.make_node("Relu", [f"sum{number}"], [f"out{number}"]))
        at, channels = f"out{number}", wider
    given = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 224, 224])
    wanted = helper.make_tensor_value_info(at, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "convolutions", [given], [wanted], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


onnx.save(network(), "floats.onnx")
quantize_dynamic("floats.onnx", "signed (default).onnx")
quantize_dynamic("floats.onnx", "unsigned.onnx", weight_type=QuantType.QUInt8)

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3
names = ("floats", "signed (default)", "unsigned")
sessions = {
    name: onnxruntime.InferenceSession(f"{name}.onnx", options, providers=["CPUExecutionProvider"])
    for name in names
}
picture = {"picture": random.random((1, 3, 224, 224), np.float32)}
results = {name: session.run(None, picture)[0] for name, session in sessions.items()}
times: dict[str, list[float]] = {name: [] for name in names}
for _ in range(15):  # in turns, so that a slow moment falls on all
    for name, session in sessions.items():
        started = time.process_time()
        session.run(None, picture)
        times[name].append(time.process_time() - started)

ratios = {}
for name in names:
    ratios[name] = median(times[name]) / median(times["floats"])
    line = f"{name:18} {os.path.getsize(f'{name}.onnx') / 1000:7,.0f} KB"
    if name != "floats":
        error = np.abs(results[name] - results["floats"]).mean() / np.abs(results["floats"]).mean()
        line += f"   {ratios[name]:.1f} times as long   mean error {error:.3f}"
    print(line)
if not (ratios["signed (default)"] > 2 and ratios["unsigned"] < 1.5):
    sys.exit("The behaviour has changed, or the processor is of another kind.")
print("as before")
PYTHON
