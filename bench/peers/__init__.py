"""Programs of others, each in an environment of its own, beside which Regard is measured.

One module a peer. It is imported here for its `PEER`, and by the peer's own Python for `open_peer`, so that
it imports only the standard library at its top.
"""
