"""Makes src/regard/vision/person_embedding.npz: what people in general look like, which is taken off.

    python -m training.fit_person_embedding DATA

People of COCO's photos (boxes as annotated) and of hardhat's (boxes as found), except those photos that
bench/tracking.py cuts its people out of, so that they are judged as strangers. Nobody need be named: there
are no identities in it, only a mean and principal directions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from bench.tracking_clips import cut_out_people

from regard.vision.image import decode_image
from regard.vision.labels.objects import ObjectDetector
from regard.vision.persons import (
    count_colours,
    cut_persons,
    find_persons,
    flattened,
    read_in_parts,
)
from regard.vision.pixels import Pixels
from training.label_sets import sessions

OUT = Path(__file__).parent.parent / "src/regard/vision/person_embedding.npz"
DIRECTIONS = 192
WEIGHT = 0.8  # of colours; from .5 to 1.2 it makes little difference
LEAST = 60  # px, of a person's height


def people_of(data: Path, detector: ObjectDetector) -> list[Pixels]:
    with tempfile.TemporaryDirectory() as folder:
        judged = {one.name.rsplit("-", 1)[0] for one in cut_out_people(data, Path(folder) / "people.npz")}
    crops: list[Pixels] = []
    for file, facts in sorted(json.loads((data / "coco/labels.json").read_text()).items()):
        boxes = [
            (left, top, left + wide, top + tall)
            for left, top, wide, tall in (
                one["bbox"]
                for one in facts["objects"]
                if one["name"] == "person" and not one.get("iscrowd") and one["bbox"][3] >= LEAST
            )
        ]
        if boxes and Path(file).stem not in judged:
            pixels = decode_image((data / "coco/images" / Path(file).name).read_bytes(), min_side=1).pixels
            crops += cut_persons(pixels, np.array(boxes))
    for path in sorted((data / "hardhat").rglob("*.jpg")):
        pixels = decode_image(path.read_bytes(), min_side=1).pixels
        found = find_persons(detector.find(pixels), pixels.shape[1], pixels.shape[0])
        boxes_found = found.boxes[found.probabilities >= 0.5]
        crops += cut_persons(pixels, boxes_found[boxes_found[:, 3] - boxes_found[:, 1] >= LEAST])
    return crops


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    runner = sessions()
    crops = people_of(data, ObjectDetector(runner))
    shapes = flattened(read_in_parts(runner, crops)).astype(np.float64)
    centre = shapes.mean(0)
    _, sizes, directions = np.linalg.svd(shapes - centre, full_matrices=False)
    kept = (sizes[:DIRECTIONS] ** 2).sum() / (sizes**2).sum()
    print(f"{len(crops)} people; {DIRECTIONS} directions hold {kept:.3f} of the variance")
    np.savez_compressed(
        OUT,
        centre=centre.astype(np.float32),
        projection=directions[:DIRECTIONS].T.astype(np.float16),
        colours=np.mean([count_colours(crop) for crop in crops], 0).astype(np.float32),
        weight=np.float32(WEIGHT),
    )


if __name__ == "__main__":
    main()
