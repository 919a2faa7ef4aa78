"""What all tables share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData()

ROW = BigInteger().with_variant(Integer, "sqlite")
"""The type of a row's number: SQLite only gives rowid semantics to "INTEGER PRIMARY KEY"."""
