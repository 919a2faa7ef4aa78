"""Telling others that a job has ended: by SNS, or by a signed request to a URL. Never more than a status."""
