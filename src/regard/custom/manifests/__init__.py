"""Lines of manifests as Ground Truth writes them: what each says of a picture, and what is wrong with it."""
