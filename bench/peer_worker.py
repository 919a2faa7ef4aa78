"""Runs inside the peer's environment: a path a line in, seconds of the processor and boxes as JSON out."""

import json
import sys
import time

import face_recognition

upsample = int(sys.argv[1])
for line in sys.stdin:
    started = time.process_time()
    picture = face_recognition.load_image_file(line.rstrip("\n"))
    places = face_recognition.face_locations(picture, number_of_times_to_upsample=upsample)
    face_recognition.face_encodings(picture, places)
    seconds = time.process_time() - started
    boxes = [[left, top, right - left, bottom - top] for top, right, bottom, left in places]
    print(json.dumps({"seconds": seconds, "boxes": boxes}), flush=True)
