"""`insightface`, whose weights no package carries."""

from __future__ import annotations

from bench.peers.peer import Peer

PEER = Peer(
    module="insightface",
    name="insightface 2.1",
    task="faces",
    installs=(),
    code_licence="MIT",
    weights_licence="non-commercial research alone (its README)",
    absent="its wheel has no weights: it downloads them from its makers' server at first use",
)
