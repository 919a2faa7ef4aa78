"""Stored video: frames, shots, and who is where in them. Knows no AWS names."""
