"""Sessions of Face Liveness: what is kept of a check while it lasts, and who may open its stream.

Knows no pixels; `regard.vision.liveness` judges the video.
"""
