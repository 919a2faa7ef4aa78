"""Pages for people beside the API for programs."""
