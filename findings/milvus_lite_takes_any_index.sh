#!/usr/bin/env bash
# Milvus Lite takes any name of an index, one that there is not among them, says that it is built, and searches exactly.
#
# Version:   pymilvus 3.0.2, milvus-lite 3.2.2
# Date:      2026-11-30
# Behaviour: create_collection with the index type NO_SUCH_INDEX is accepted, and describe_index answers that name with the
#            state Finished. Whatever the type and its parameters, a search finds the exact nearest: IVF_FLAT of 1,024 lists,
#            of which one is probed, misses none, though as a partitioned index it would miss most.
# Seen:      AUTOINDEX, IVF_FLAT, NO_SUCH_INDEX: Finished, 50 of 50 nearest
# One would have guessed that what passes on Milvus Lite has run on the index that was asked for. It says nothing of an index's
# recall, and doesn't notice a name that a cluster refuses. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pymilvus==3.0.2 milvus-lite==3.2.2

"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import numpy as np
from pymilvus import DataType, MilvusClient

random = np.random.default_rng(0)
vectors = random.standard_normal((3000, 32)).astype(np.float32)
probes = random.standard_normal((50, 32)).astype(np.float32)
client = MilvusClient(f"{sys.argv[1]}/lite.db")
seen = {}
for kind in ("AUTOINDEX", "IVF_FLAT", "NO_SUCH_INDEX"):
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("row", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=32)
    index = MilvusClient.prepare_index_params()
    index.add_index("vector", index_type=kind, metric_type="L2", params={"nlist": 1024} if "IVF" in kind else {})
    client.create_collection(kind.lower(), schema=schema, index_params=index)
    client.insert(kind.lower(), [{"row": row, "vector": vector} for row, vector in enumerate(vectors)])
    said = client.describe_index(kind.lower(), "vector")
    hits = 0
    for probe in probes:
        [[hit]] = client.search(kind.lower(), [probe], limit=1, search_params={"params": {"nprobe": 1}})
        hits += hit["row"] == int(((vectors - probe) ** 2).sum(1).argmin())
    seen[kind] = (said["index_type"], said["state"], hits)
print(seen)
client.close()
sys.exit(seen != {kind: (kind, "Finished", 50) for kind in seen})
PYTHON
