"""Pixels to facts. Knows no AWS names and no storage."""
