"""Attributes of detected faces: one pass of each network over all of them, then small heads and geometry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.alignment import FaceChips, chip_maps
from regard.vision.faces.attributes import Attributes, Emotion, Gaze, Gender, Judgement
from regard.vision.faces.descriptors import FaceReadings, normalised, read_faces
from regard.vision.faces.face import Pose
from regard.vision.faces.heads import load_head, softmax
from regard.vision.faces.mesh import FaceMesh, Meshes
from regard.vision.faces.mesh_geometry import (
    Alignment,
    MeanFace,
    combined_poses,
    gazes,
    openings,
    poses_of,
    shape_features,
)
from regard.vision.faces.pose import estimate_poses
from regard.vision.geometry import sigmoid
from regard.vision.pixels import Copies, Floats, Pixels
from regard.vision.runner import Runner

EMOTION_SIDE, EMOTION_BATCH = 64, 16
# The frame that FER2013 puts around a face, in the template's units: the margin, and how far it lies up.
EMOTION_PADDING, EMOTION_LIFT = 0.15, 0.08
GREY = np.array([0.2989, 0.587, 0.114], np.float32)  # of red, green and blue

AGE_MIDDLE, AGE_STEP = 40.0, 10.0  # years: what the head's 0 and 1 mean
RANGE = 1.2816  # standard deviations about the mean that hold four of five

# Rekognition's names for the expressions of FER2013, in the order of the head's outputs.
EXPRESSIONS = {
    "angry": Emotion.ANGRY,
    "disgust": Emotion.DISGUSTED,
    "fear": Emotion.FEAR,
    "happy": Emotion.HAPPY,
    "sad": Emotion.SAD,
    "surprise": Emotion.SURPRISED,
    "neutral": Emotion.CALM,
}
# No data shows confusion. What it gets is a share of what the other seven leave open, and never leads.
CONFUSED_SHARE = 0.1

# Gaze has no labelled data either: confidence is what closed eyes and eyes that disagree leave of 80.
GAZE_CONFIDENCE = 80.0
GAZE_QUARREL = 12.0  # degrees between the eyes that halve it


class FaceDescriber:
    networks = ("faceres", "emotion", *FaceMesh.networks)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._mesh = FaceMesh(runner)
        self._mean_face = MeanFace()
        self._appearance = load_head("appearance")
        self._age_gender = load_head("age_gender")
        self._expression = load_head("expression")

    def describe(
        self, picture: Pixels | Copies, landmarks: Floats, readings: FaceReadings | None = None
    ) -> list[Attributes]:
        """Attributes of faces of `picture` (H, W, 3) RGB with `landmarks` (N, 5, 2), px.

        `readings`: what `read_faces` gave for the same faces, so that FaceRes needn't run on them again.
        """
        if not len(landmarks):
            return []
        chips = FaceChips(picture)
        readings = readings or read_faces(self._runner, chips, landmarks)
        meshes = self._mesh.fit(chips.copies, landmarks)
        alignment = self._mean_face.align(meshes.points)
        shape = shape_features(meshes, alignment)
        appearance = self._appearance.logits({"faceres": readings.middles}, shape)
        ages, spreads, genders = self._ages_and_genders(readings)
        emotions = self._expressions(chips, landmarks, readings, shape)
        eyes = openings(meshes, alignment)[:, :2].mean(1)
        poses = combined_poses(estimate_poses(landmarks), poses_of(alignment.rotations))
        return [
            self._attributes(row, meshes, appearance, (ages, spreads, genders), emotions, pose, gaze)
            for row, (pose, gaze) in enumerate(zip(poses, _gazes(meshes, alignment, eyes), strict=True))
        ]

    def _ages_and_genders(
        self, readings: FaceReadings
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        logits = self._age_gender.logits({"faceres": readings.middles}, age_gender_vector(readings))
        return age_of(logits[:, 0]), age_spread_of(logits[:, 1]), sigmoid(logits[:, 2])

    def _expressions(
        self, chips: FaceChips, landmarks: Floats, readings: FaceReadings, shape: Floats
    ) -> NDArray[np.float64]:
        """Probabilities (N, 7) of EXPRESSIONS."""
        middles = read_emotions(self._runner, emotion_crops(chips, landmarks))
        logits = self._expression.logits({"faceres": readings.middles, "emotion": middles}, shape)
        return softmax(logits)

    def _attributes(
        self,
        row: int,
        meshes: Meshes,
        appearance: NDArray[np.float64],
        person: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
        emotions: NDArray[np.float64],
        pose: Pose,
        gaze: Gaze,
    ) -> Attributes:
        judged = dict(zip(self._appearance.outputs, appearance[row].tolist(), strict=True))
        age, spread, male = (float(values[row]) for values in person)
        return Attributes(
            pose=pose,
            age=age,
            age_low=max(0, round(age - RANGE * spread)),
            age_high=max(1, round(age + RANGE * spread)),
            gender=Gender.MALE if male > 0.5 else Gender.FEMALE,
            gender_confidence=100 * max(male, 1 - male),
            emotions=_emotions(emotions[row]),
            **{name: judgement(logit) for name, logit in judged.items()},
            gaze=gaze,
            mesh=meshes.points[row],
        )


def judgement(logit: float) -> Judgement:
    probability = float(sigmoid(np.array(logit)))
    return Judgement(probability > 0.5, 100 * max(probability, 1 - probability))


def age_gender_vector(readings: FaceReadings) -> Floats:
    """(N, 1124): FaceRes's descriptor and ages, the root of each, at unit length."""
    return np.concatenate([normalised(readings.descriptors), normalised(readings.ages)], 1)


def age_of(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Years, 0 to 100."""
    return np.clip(AGE_MIDDLE + AGE_STEP * logits, 0, 100)


def age_spread_of(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation in years, at least 1."""
    return np.asarray(1 + 3 * np.logaddexp(0, logits + 2), np.float64)


def emotion_crops(chips: FaceChips, landmarks: Floats) -> Pixels:
    """(N, 64, 64, 3), uint8, RGB, framed as FER2013 frames a face."""
    maps = chip_maps(landmarks, EMOTION_SIDE, EMOTION_PADDING)
    lift = EMOTION_LIFT * EMOTION_SIDE / (1 + 2 * EMOTION_PADDING)
    maps[:, :, 2] -= maps[:, :, 1] * lift
    return chips.copies.cut(maps, EMOTION_SIDE)


def read_emotions(runner: Runner, crops: Pixels) -> Floats:
    """The expression network's inner features (N, 8, 8, 256) of `emotion_crops`."""
    parts = []
    for begin in range(0, len(crops), EMOTION_BATCH):
        grey = crops[begin : begin + EMOTION_BATCH].astype(np.float32) @ GREY
        parts.append(runner.run("emotion", {"input": ((grey / 255 - 0.5) * 2)[..., None]})[1])
    return np.concatenate(parts)


def _emotions(probabilities: NDArray[np.float64]) -> tuple[tuple[Emotion, float], ...]:
    """Percent by emotion, the most likely first; they add up to 100."""
    doubt = float(
        -(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum() / np.log(len(EXPRESSIONS))
    )
    confused = CONFUSED_SHARE * doubt
    percent = {
        emotion: 100 * (1 - confused) * float(share)
        for emotion, share in zip(EXPRESSIONS.values(), probabilities, strict=True)
    }
    percent[Emotion.CONFUSED] = 100 * confused
    return tuple(sorted(percent.items(), key=lambda item: -item[1]))


def _gazes(meshes: Meshes, alignment: Alignment, openness: NDArray[np.float64]) -> Sequence[Gaze]:
    """Both eyes' mean direction. How far they disagree, leave their sockets or are shut lowers confidence."""
    angles, outside = gazes(meshes, alignment)
    quarrel = np.abs(angles[:, 0] - angles[:, 1]).max(1)
    agreed = 1 / (1 + (quarrel / GAZE_QUARREL) ** 2) / (1 + (outside.max(1) / 0.2) ** 2)
    seen = np.clip((openness - 0.08) / 0.12, 0, 1)
    confidence = GAZE_CONFIDENCE * agreed * seen * np.clip(meshes.scores, 0, 1)
    return [
        Gaze(float(yaw), float(pitch), float(sure))
        for (yaw, pitch), sure in zip(angles.mean(1), confidence, strict=True)
    ]
