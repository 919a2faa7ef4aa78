#!/usr/bin/env bash
# ONNX Runtime from PyPI keeps a device number and a queue of reports in the home folder, on Linux too, by default.
#
# Version:   onnxruntime 1.32.0 (CPU), onnx 1.23.2, NumPy 2.4.6, Python 3.11, Linux x86-64
# Date:      2026-11-30
# Behaviour: importing onnxruntime and opening one network writes a lasting device number and an SQLite database of
#            events into ~/.cache/Microsoft/DeveloperTools/.onnxruntime, from a thread that is begun at the import; after
#            some seconds it looks for its maker's collector. Events hold the path of the Python that runs, and which
#            sessions were made. `onnxruntime.disable_telemetry_events()` right after the import comes too late for the
#            number; ORT_DISABLE_TELEMETRY=1 in the environment before the import stops all of it.
# Seen:      as installed:                       2 files, deviceid among them
#            disable_telemetry_events():         2 files, deviceid among them
#            ORT_DISABLE_TELEMETRY=1:            no files
# One would have guessed that an inference library in a wheel computes and does nothing else, as it did for years on Linux
# (its Privacy.md says so now). What sees people's faces must not tell anybody where. This script fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cat > "$folder/open.py" <<'PYTHON'
import sys
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

if sys.argv[1] == "call":
    onnxruntime.disable_telemetry_events()
graph = helper.make_graph(
    [helper.make_node("Identity", ["x"], ["y"])],
    "same",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, {"x": np.zeros(1, np.float32)})
time.sleep(2)
PYTHON

counted() {
  local home="$folder/home-$1"
  mkdir "$home"
  env --unset=XDG_CACHE_HOME --unset=ORT_DISABLE_TELEMETRY "HOME=$home" ${2:-} "$folder/venv/bin/python" "$folder/open.py" "$1"
  find "$home" -type f -path '*onnxruntime*' | wc -l
}

default=$(counted default)
call=$(counted call)
variable=$(counted variable ORT_DISABLE_TELEMETRY=1)
echo "as installed:               $default files"
echo "disable_telemetry_events(): $call files"
echo "ORT_DISABLE_TELEMETRY=1:    $variable files"
if [ "$default" -eq 0 ] || [ "$call" -eq 0 ] || [ "$variable" -ne 0 ]; then
  echo "The behaviour has changed."
  exit 1
fi
echo "as before"
