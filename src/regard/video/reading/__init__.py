"""Stored video: what is in it, and its frames in order, each with its number and time."""
