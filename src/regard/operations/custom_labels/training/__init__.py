"""The training of a version: a job that goes on wherever its worker died, with the same result."""
