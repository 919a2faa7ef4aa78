"""`regard video`: everything that can be told of one video file, and what it is written to."""
