"""Galleries of faces: stored in the database, searched in memory."""
