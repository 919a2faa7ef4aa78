"""The rules of responsible use as invariants of the audit log: each is checked by replaying the log alone.

Whoever adds a rule to the gate adds it here, to the module of its kind and to `RULES` in `replay.py`.
"""
