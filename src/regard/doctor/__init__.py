"""`regard doctor`: what an installation needs, looked at without changing any of it."""
