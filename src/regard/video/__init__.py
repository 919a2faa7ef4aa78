"""Stored video: frames, shots, technical cues, timecodes. Knows no AWS names and no wire dicts."""
