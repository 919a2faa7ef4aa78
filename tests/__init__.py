"""The tests mirror src; contracts run over every implementation, clients against a running server."""
