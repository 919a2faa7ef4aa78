"""Measure landmarks and pose.

    python training/measure_geometry.py ../shared/data

Landmarks: faces of dlib's example photos, whose 68 points were set by hand; those of Rekognition's landmarks
that are one of the 68 or the mean of some. Errors are in percent of the distance between the outer corners of
the eyes. Pose: the faces of FairFace whose yaw and pitch were estimated by eye
(training/labels/fairface_pose.csv), which is itself good to some 5 to 10° only.
"""

from __future__ import annotations

import argparse
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from facesets import labelled, sessions
from regard.operations.face_attributes import landmark_shapes
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import decode_image

# Places in the 68 points of each of Rekognition's landmarks that has a counterpart there.
PLACES = {
    "eyeLeft": (36, 37, 38, 39, 40, 41),
    "eyeRight": (42, 43, 44, 45, 46, 47),
    "nose": (30,),
    "mouthLeft": (48,),
    "mouthRight": (54,),
    "leftEyeBrowLeft": (17,),
    "leftEyeBrowRight": (21,),
    "rightEyeBrowLeft": (22,),
    "rightEyeBrowRight": (26,),
    "leftEyeLeft": (36,),
    "leftEyeRight": (39,),
    "leftEyeUp": (37, 38),
    "leftEyeDown": (40, 41),
    "rightEyeLeft": (42,),
    "rightEyeRight": (45,),
    "rightEyeUp": (43, 44),
    "rightEyeDown": (46, 47),
    "noseLeft": (31,),
    "noseRight": (35,),
    "mouthUp": (51,),
    "mouthDown": (57,),
    "chinBottom": (8,),
    "midJawlineLeft": (4,),
    "midJawlineRight": (12,),
    "upperJawlineLeft": (0,),
    "upperJawlineRight": (16,),
}


def landmarks(analyzer: FaceAnalyzer, folder: Path) -> dict[str, list[float]]:
    errors: dict[str, list[float]] = {name: [] for name in PLACES}
    for file in sorted(folder.glob("*.xml")):
        tree = ElementTree.parse(file)  # noqa: S314 - a file of our own
        for entry in tree.iter("image"):
            image = decode_image((folder / str(entry.get("file"))).read_bytes())
            faces = analyzer.detect(image)
            described = analyzer.describe(image, faces)
            for box in entry.iter("box"):
                parts = {part.get("name"): (part.get("x"), part.get("y")) for part in box.iter("part")}
                if len(parts) != 68:
                    continue
                truth = np.array([parts[f"{n:02}"] for n in range(68)], float)
                away = [float(np.linalg.norm(face.landmarks.mean(0) - truth[30])) for face in faces]
                best = int(np.argmin(away))
                size = float(np.linalg.norm(truth[36] - truth[45]))
                if away[best] > size:
                    continue  # not found: the detector's matter
                shapes = landmark_shapes(faces[best], image, described[best])
                found = {one["Type"]: (one["X"] * image.width, one["Y"] * image.height) for one in shapes}
                for name, places in PLACES.items():
                    goal = truth[list(places)].mean(0)
                    errors[name].append(100 * float(np.linalg.norm(np.array(found[name]) - goal)) / size)
    return errors


def poses(analyzer: FaceAnalyzer, data: Path) -> np.ndarray:
    """(N, 6): yaw and pitch by eye, by five landmarks, and with the mesh."""
    rows = []
    for row in labelled(Path(__file__).parent / "labels/fairface_pose.csv"):
        image = decode_image((data / "fairface" / row["file"]).read_bytes(), min_side=20)
        faces = analyzer.detect(image)
        if not faces:
            continue
        middle = np.array([image.width, image.height]) / 2
        face = min(faces, key=lambda face: float(np.linalg.norm(face.landmarks.mean(0) - middle)))
        (pose,) = (attributes.pose for attributes in analyzer.describe(image, [face]))
        five = face.pose
        rows.append((float(row["yaw"]), float(row["pitch"]), five.yaw, five.pitch, pose.yaw, pose.pitch))
    return np.array(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    analyzer = FaceAnalyzer(sessions())
    print("| landmark | faces | median error, % | 90th percentile |\n|---|---|---|---|")
    errors = landmarks(analyzer, options.data / "dlib/faces")
    for name, far in [*errors.items(), ("all of these", [x for row in errors.values() for x in row])]:
        print(f"| {name} | {len(far)} | {np.median(far):.1f} | {np.percentile(far, 90):.1f} |")
    found = poses(analyzer, options.data)
    print("\n| turned by | faces | DEFAULT: yaw off | pitch off | ALL: yaw off | pitch off |")
    print("|---|---|---|---|---|---|")
    for low, high in ((0, 15), (15, 30), (30, 60), (60, 91), (0, 91)):
        rows = found[(np.abs(found[:, 0]) >= low) & (np.abs(found[:, 0]) < high)]
        off = np.abs(rows[:, 2:] - np.tile(rows[:, :2], 2)).mean(0)
        print(f"| {low}–{high - 1}° | {len(rows)} | " + " | ".join(f"{x:.1f}°" for x in off) + " |")


if __name__ == "__main__":
    main()
