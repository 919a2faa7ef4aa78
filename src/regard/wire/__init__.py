"""AWS JSON 1.1, served from botocore's own service model. Knows nothing of vision."""
