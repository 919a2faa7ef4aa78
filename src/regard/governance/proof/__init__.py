"""What proves the audit log to somebody who has only a part of it: days that are sealed, and receipts.

A day's record hashes are the leaves of a Merkle tree, whose root is signed and published.
"""
