"""People, their heads and hands, and what protects them."""

from regard.vision.protective.detector import Equipment, EquippedPart, EquippedPerson, ProtectiveDetector
from regard.vision.protective.equipment import Cover
from regard.vision.protective.parts import PartName

__all__ = ["EquippedPart", "Cover", "Equipment", "EquippedPerson", "PartName", "ProtectiveDetector"]
