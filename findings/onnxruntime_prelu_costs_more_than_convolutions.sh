#!/usr/bin/env bash
# In ONNX Runtime a PRelu costs more than the two convolutions before it; written as two more convolutions it is cheap.
#
# Version:   onnxruntime 1.32.0 (CPU, one thread), onnx 1.23.2, NumPy 2.4.6, x86-64 with AVX-512
# Date:      2026-11-29
# Behaviour: on a CPU convolutions and Relu run in a blocked layout (NCHWc). PRelu with a slope for each channel
#            does not: before each the values are brought back to NCHW, and after it blocked again. The same function,
#            relu(x) * (1 - a) + x * a, written as two convolutions of a channel each and a sum, stays in the layout.
# Seen:      12 blocks (3 x 3 by channel, 1 x 1, rectifier) on 32 channels of 48 x 48:
#            relu              0.8 ms
#            prelu             4.3 ms
#            two convolutions  1.3 ms, the same numbers to 2e-5
# One would have guessed that an operator of its own is at least as fast as three others that do the same. Networks of
# faces have PRelu everywhere (MediaPipe's mesh, MobileFaceNet, MTCNN). This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

CHANNELS, SIDE, BLOCKS = 32, 48, 12


def network(rectifier: str) -> onnxruntime.InferenceSession:
    """Random weights, the same for every rectifier."""
    random, nodes, weights, last = np.random.default_rng(0), [], [], "x"

    def constant(name: str, values: np.ndarray) -> str:
        weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def add(operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    for block in range(BLOCKS):
        deep = constant(f"deep{block}", random.normal(0, 0.3, (CHANNELS, 1, 3, 3)))
        wide = constant(f"wide{block}", random.normal(0, 0.3, (CHANNELS, CHANNELS, 1, 1)))
        slope = random.uniform(0.1, 0.4, CHANNELS)
        x = add("Conv", [last, deep], f"a{block}", group=CHANNELS, pads=[1, 1, 1, 1])
        x = add("Conv", [x, wide], f"b{block}")
        if rectifier == "prelu":
            last = add("PRelu", [x, constant(f"slope{block}", slope.reshape(-1, 1, 1))], f"c{block}")
            continue
        last = add("Relu", [x], f"c{block}")
        if rectifier == "two convolutions":
            rest = constant(f"rest{block}", (1 - slope).reshape(-1, 1, 1, 1))
            own = constant(f"own{block}", slope.reshape(-1, 1, 1, 1))
            positive = add("Conv", [last, rest], f"d{block}", group=CHANNELS)
            last = add("Add", [positive, add("Conv", [x, own], f"e{block}", group=CHANNELS)], f"f{block}")
    graph = helper.make_graph(
        nodes,
        rectifier,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, CHANNELS, SIDE, SIDE])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


networks = {name: network(name) for name in ("relu", "prelu", "two convolutions")}
picture = {"x": np.random.default_rng(1).normal(size=(1, CHANNELS, SIDE, SIDE)).astype(np.float32)}
answers = {name: one.run(None, picture)[0] for name, one in networks.items()}
took: dict[str, list[float]] = {name: [] for name in networks}
for _ in range(60):
    for name, one in networks.items():
        begin = time.process_time()
        one.run(None, picture)
        took[name].append(1000 * (time.process_time() - begin))
middle = {name: float(np.median(times)) for name, times in took.items()}
for name, milliseconds in middle.items():
    print(f"{name:16}  {milliseconds:.1f} ms")
difference = np.abs(answers["prelu"] - answers["two convolutions"]).max()
print(f"difference of the latter two: {difference:.0e}")
if difference > 1e-3 or middle["prelu"] < 1.5 * middle["two convolutions"]:
    sys.exit("The behaviour has changed.")
print("as before")
PYTHON
