"""Buckets: folders that are served under a bucket's name, and S3 itself."""
