"""The analyses of stored video: what is found in frames, as Rekognition's Get operations list it."""
