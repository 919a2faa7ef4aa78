#!/usr/bin/env bash
# faiss's IndexPQFastScan with blocks wider than 32 vectors finds the right ones, and reconstructs wrong ones.
#
# Version:   faiss-cpu 1.15.1
# Date:      2026-11-30
# Behaviour: The last argument of IndexPQFastScan, bbs, is how many vectors are packed to a block; 64, 96 and 128 are allowed.
#            Searches answer the same with each. reconstruct and the packer of get_CodePacker count on blocks of 32:
#            they read, and the packer writes, codes of other vectors in all but the first 32 of a block.
# Seen:      bbs  first answers that agree with 32   reconstructions that do
#             32        100 of 100                        1000 of 1000
#             64        100 of 100                         512 of 1000
#            128        100 of 100                         256 of 1000
# One would have guessed that whoever packs also unpacks. Single probes are searched a fifth faster with wide blocks, so one
# wants them. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check faiss-cpu==1.15.1 numpy==2.4.6

"$folder/venv/bin/python" - <<'PYTHON'
import sys

import faiss
import numpy as np

vectors = np.random.default_rng(0).standard_normal((1000, 32)).astype(np.float32)
indexes = {}
for block in (32, 64, 128):
    index = faiss.IndexPQFastScan(32, 8, 4, faiss.METRIC_L2, block)
    if indexes:
        faiss.copy_array_to_vector(faiss.vector_to_array(indexes[32].pq.centroids), index.pq.centroids)
        index.is_trained = True
    else:
        index.train(vectors)
    index.add(vectors)
    indexes[block] = index
first = {block: index.search(vectors[:100], 1)[0] for block, index in indexes.items()}
made = {block: np.array([index.reconstruct(n) for n in range(1000)]) for block, index in indexes.items()}
same = {block: int((first[block] == first[32]).sum()) for block in indexes}
right = {block: int((made[block] == made[32]).all(axis=1).sum()) for block in indexes}
print(same, right)
assert right[32] == 1000
sys.exit(not (set(same.values()) == {100} and right[64] < 600 and right[128] < 400))
PYTHON
