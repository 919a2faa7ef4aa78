"""The same requests at another service that speaks Rekognition, and how its answers differ from Regard's."""
