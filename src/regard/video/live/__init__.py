"""Live video: where it comes from, when a picture of it is worth examining, and who is seen in it."""
