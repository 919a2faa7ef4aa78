"""How two answers to one request differ, as numbers. Documents are answers as the wire has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from regard.migration.shadow.comparing.faces import compare_faces
from regard.migration.shadow.comparing.names import NAMED, compare_named
from regard.migration.shadow.comparing.searches import compare_matches, compare_pairs
from regard.migration.shadow.comparing.shapes import compare_shapes
from regard.migration.shadow.comparing.texts import compare_texts

Document = Mapping[str, Any]
Comparison = Callable[[Document, Document, Document], dict[str, Any]]
"""Of a request, the answer here and the answer there."""

# By a member that only answers of this kind have; the first that there is says it.
_KINDS: Final[tuple[tuple[str, str, Comparison], ...]] = (
    ("SourceImageFace", "pairs", compare_pairs),
    ("FaceMatches", "search", compare_matches),
    ("UserMatches", "search", compare_matches),
    ("FaceDetails", "faces", compare_faces),
    ("TextDetections", "text", compare_texts),
    *((member, "names", compare_named) for member in NAMED),
)


def compare(asked: Document, here: Document, there: Document) -> dict[str, Any]:
    """The differences of one kind, under its name, and those of the shapes."""
    shape = {"shape": compare_shapes(here, there)}
    for member, kind, comparison in _KINDS:
        if member in here or member in there:
            return {kind: comparison(asked, here, there), **shape}
    return shape


def disagreement(compared: Mapping[str, Any], *, same_status: bool) -> float:
    """How far two answers are apart, 0 to 1; 1 where they have another status."""
    if not same_status:
        return 1.0
    kinds = [value for kind, value in compared.items() if kind != "shape"]
    return float(kinds[0]["differs"]) if kinds else 0.0
