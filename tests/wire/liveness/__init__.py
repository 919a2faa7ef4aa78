"""Tests of the two doors of Face Liveness, at a real server."""
