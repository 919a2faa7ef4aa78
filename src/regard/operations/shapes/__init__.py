"""What is found, as Rekognition writes it: from dataclasses to the dicts that its API answers."""
