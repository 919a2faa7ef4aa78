"""Changes of faces and users, made at another service too, so that the way back stays open."""
