"""What is kept: the database, and the buckets that images come from."""
