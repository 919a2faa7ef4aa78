"""The way from Amazon Rekognition to Regard: what is there, which picture each face is of, what came over."""
