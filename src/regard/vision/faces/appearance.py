"""Light, focus and certainty of a detected face, each 0 to 100."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.face import Quality
from regard.vision.geometry import sigmoid

CHIP = 96  # px, the side of the upright face (without padding) that quality is measured on

# Logistic fit of "is a face" on MTCNN's last logit (training/fit_confidence.py).
CONFIDENCE_SLOPE, CONFIDENCE_OFFSET = 1.200, -0.414

# Edge strengths that read as sharpness 0 and 100, on a logarithmic scale; see `measure_quality`.
BLURRED, CRISP = 0.05, 0.24


def confidence_of(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """MTCNN's last logit (N,) as the probability of a face in percent (N,)."""
    return 100 * sigmoid(CONFIDENCE_SLOPE * logits.astype(np.float64) + CONFIDENCE_OFFSET)


def logits_of_odds(odds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The logits (N,) of MTCNN's last network that say as much as these log-odds (N,) of a face."""
    return np.asarray((odds - CONFIDENCE_OFFSET) / CONFIDENCE_SLOPE, np.float32)


def measure_quality(chips: NDArray[np.uint8]) -> list[Quality]:
    """Brightness and sharpness of upright faces (N, CHIP, CHIP, 3), uint8, RGB, both 0 to 100.

    Brightness: mean of the largest colour channel, which depends less on skin colour than luma does.
    Sharpness: the Laplacian's standard deviation by that of the grey values, so that contrast cancels out, on
    a logarithmic scale. A face smaller than the chip was enlarged, and rightly counts as blurred.
    """
    return [_measure(chip) for chip in chips]


def _measure(chip: NDArray[np.uint8]) -> Quality:
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY).astype(np.float32)
    brightness = float(cv2.max(cv2.max(chip[..., 0], chip[..., 1]), chip[..., 2]).mean()) / 2.55
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).std()) / (float(grey.std()) + 4.0)
    sharpness = 100 * np.log(max(edges, 1e-6) / BLURRED) / np.log(CRISP / BLURRED)
    return Quality(brightness, float(np.clip(sharpness, 0, 100)))
