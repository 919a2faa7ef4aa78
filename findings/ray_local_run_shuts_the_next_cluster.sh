#!/usr/bin/env bash
# Ray: one local run of a user makes the clusters that the same user starts later refuse the programs of the same user.
#
# Version:   ray 2.60.0, Python 3.11
# Date:      2026-11-30
# Behaviour: ray.init(address="local") writes a token into ~/.ray/auth_token and says so once. `ray start --head` finds the
#            file afterwards and asks everybody for it; a program that joins by the cluster's address doesn't send it,
#            though it runs as the same user beside the same file, and is told of a crashed instance. RAY_AUTH_MODE=token
#            in its environment is what it needs.
# Seen:      before the local run:                    joined
#            after it:                                ConnectionError: Failed to connect to Ray cluster at …
#            after it, RAY_AUTH_MODE=token:           joined
# One would have guessed that a local run leaves nothing that later clusters go by, and that both sides read the one file or
# neither. Whoever tries a cluster on a machine where a notebook or a test ran Ray before sets RAY_AUTH_MODE on both sides.
# This script fails when the behaviour changes. Its folder stands for the home folder; Ray's processes end with it.
set -euo pipefail

folder=$(mktemp -d /tmp/ray.XXXX)
head=
trap '[ -z "$head" ] || { kill "$head" && wait "$head" || true; } 2>/dev/null; rm -rf "$folder"' EXIT
export HOME=$folder/home RAY_USAGE_STATS_ENABLED=0
mkdir "$HOME"
unset RAY_ADDRESS RAY_AUTH_MODE RAY_AUTH_TOKEN RAY_AUTH_TOKEN_PATH
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check ray==2.60.0
PATH=$folder/venv/bin:$PATH
cd "$folder"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# Starts a cluster, has a program join it by its address, ends the cluster; prints what the program was told.
joined() {
  ray start --head --block --num-cpus=1 --port="$port" --temp-dir="$folder/t" --include-dashboard=false \
    --min-worker-port=0 --max-worker-port=0 >"$folder/head.log" 2>&1 &
  head=$!
  for _ in $(seq 60); do grep -q 'ray status' "$folder/head.log" && break; sleep 1; done
  env "$@" python - "$port" 2>/dev/null <<'PYTHON' || true
import sys

import ray

try:
    ray.init(address=f"127.0.0.1:{sys.argv[1]}", log_to_driver=False)
    print("joined")
except Exception as error:
    print(type(error).__name__)
PYTHON
  kill "$head" && wait "$head" 2>/dev/null || true
  head=
}

before=$(joined X=)
python -c 'import ray; ray.init(address="local", num_cpus=1, include_dashboard=False)' >local.log 2>&1
[ -e "$HOME/.ray/auth_token" ]
after=$(joined X=)
with_mode=$(joined RAY_AUTH_MODE=token)
printf 'before the local run:          %s\nafter it:                      %s\nwith RAY_AUTH_MODE=token:      %s\n' \
  "$before" "$after" "$with_mode"
[ "$before $after $with_mode" = "joined ConnectionError joined" ]
