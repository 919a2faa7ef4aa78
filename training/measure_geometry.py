"""Measure landmarks and pose.

    python -m training.measure_geometry ../shared/data

Landmarks: faces of dlib's example photos, whose 68 points were set by hand; those of Rekognition's landmarks
that are one of the 68 or the mean of some. Errors are in percent of the distance between the outer corners of
the eyes. Pose: the faces of FairFace whose yaw and pitch were estimated by eye
(training/labels/fairface_pose.csv), which is itself good to some 5 to 10° only. Gaze: faces of FairFace that
are turned to the camera; most of them look into it.
"""

from __future__ import annotations

import argparse
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from regard.operations.shapes.face_attributes import landmark_shapes
from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.mesh import FaceMesh
from regard.vision.faces.mesh_geometry import EYE_SPAN, MeanFace, combined_poses, gazes, poses_of
from regard.vision.image import decode_image
from regard.vision.pixels import Copies
from regard.vision.session import SessionPool
from training.facesets import labelled, sessions
from training.lfw import protagonist

AHEAD = 8.0  # degrees: a head that is turned less faces the camera

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


def poses(runner: SessionPool, data: Path) -> np.ndarray:
    """(N, 8): yaw and pitch by eye, by five landmarks, by the mesh, and by both."""
    analyzer, mesher, mean, rows = FaceAnalyzer(runner), FaceMesh(runner), MeanFace(), []
    for row in labelled(Path(__file__).parent / "labels/fairface_pose.csv"):
        image = decode_image((data / "fairface" / row["file"]).read_bytes(), min_side=20)
        faces = analyzer.detect(image)
        if not faces:
            continue
        face = protagonist(image, faces)
        mesh = mesher.fit(Copies(image.pixels), face.landmarks[None])
        alone, five = poses_of(mean.align(mesh.points).rotations), [face.pose]
        seen = [(pose.yaw, pose.pitch) for pose in (*five, *alone, *combined_poses(five, alone))]
        rows.append([float(row["yaw"]), float(row["pitch"]), *(angle for pair in seen for angle in pair)])
    return np.array(rows)


def gaze_of_the_attentive(runner: SessionPool, data: Path, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaze (N, 2), yaw and pitch in degrees, of faces turned to the camera; and where their irises lie from
    the middle of an eye's corners, (N, 2), outwards and up, mm, both eyes averaged.
    """
    analyzer, mesher, mean = FaceAnalyzer(runner), FaceMesh(runner), MeanFace()
    directions, offsets = [], []
    for row in labelled(data / "fairface/labels.csv")[:most]:
        image = decode_image((data / "fairface" / row["file"]).read_bytes(), min_side=20)
        faces = analyzer.detect(image)
        if not faces:
            continue
        mesh = mesher.fit(Copies(image.pixels), protagonist(image, faces).landmarks[None])
        alignment = mean.align(mesh.points)
        (pose,) = poses_of(alignment.rotations)
        if max(abs(pose.yaw), abs(pose.pitch)) > AHEAD or mesh.scores[0] < 0.9:
            continue
        directions.append(gazes(mesh, alignment)[0][0].mean(0))
        away = mesh.points[0, [468, 473], :2] - mesh.lids[0][:, [0, 8]].mean(1)
        level = away @ alignment.rotations[0, :2, :2] * EYE_SPAN / alignment.scales[0]
        offsets.append([(level[0, 0] - level[1, 0]) / 2, -level[:, 1].mean()])
    return np.array(directions), np.array(offsets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--most", type=int, default=2000, help="pictures of FairFace that gaze is measured on"
    )
    options = parser.parse_args()
    runner = sessions()
    print("| landmark | faces | median error, % | 90th percentile |\n|---|---|---|---|")
    errors = landmarks(FaceAnalyzer(runner), options.data / "dlib/faces")
    for name, far in [*errors.items(), ("all of these", [x for row in errors.values() for x in row])]:
        print(f"| {name} | {len(far)} | {np.median(far):.1f} | {np.percentile(far, 90):.1f} |")
    found = poses(runner, options.data)
    print(
        "\n| turned by | faces | five landmarks: yaw off | pitch off | mesh: yaw off | pitch off "
        "| both: yaw off | pitch off |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for low, high in ((0, 15), (15, 30), (30, 60), (60, 91), (0, 91)):
        rows = found[(np.abs(found[:, 0]) >= low) & (np.abs(found[:, 0]) < high)]
        off = np.abs(rows[:, 2:] - np.tile(rows[:, :2], 3)).mean(0)
        print(f"| {low}–{high - 1}° | {len(rows)} | " + " | ".join(f"{x:.1f}°" for x in off) + " |")
    gaze, rest = gaze_of_the_attentive(runner, options.data, options.most)
    print("\n| faces turned to the camera | gaze: yaw, median and deviation | pitch | iris outwards | up |")
    print("|---|---|---|---|---|")
    cells = [
        f"{median:+.1f}° ± {spread:.1f}°"
        for median, spread in zip(np.median(gaze, 0), gaze.std(0), strict=True)
    ]
    cells += [f"{length:.2f} mm" for length in np.median(rest, 0)]
    print(f"| {len(gaze)} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
