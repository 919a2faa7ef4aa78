"""Labels of pictures: objects, scenes and what follows from them."""

from regard.vision.labels.detector import LabelDetector
from regard.vision.labels.label import Instance, Label

__all__ = ["Instance", "Label", "LabelDetector"]
