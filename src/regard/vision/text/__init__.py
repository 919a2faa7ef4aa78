"""Text in pictures: where it stands, what it says, and where each of its words is."""

from regard.vision.text.analyzer import TextAnalyzer
from regard.vision.text.text import Line, Word

__all__ = ["Line", "TextAnalyzer", "Word"]
