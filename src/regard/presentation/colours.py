"""The colours of what is marked."""

from __future__ import annotations

from collections.abc import Mapping

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

AMBER: Colour = (255, 196, 0)

# Okabe and Ito's colours, which people with any colour vision tell apart; faces are amber everywhere.
_BLUE: Colour = (0, 114, 178)
_GREEN: Colour = (0, 158, 115)
_PURPLE: Colour = (204, 121, 167)
_SKY: Colour = (86, 180, 233)
_VERMILION: Colour = (213, 94, 0)

COLOURS: Mapping[str, Colour] = {
    "face": AMBER,
    "celebrity": _PURPLE,
    "label": _SKY,
    "text": _GREEN,
    "equipment": _BLUE,
    "moderation": _VERMILION,
}
"""By kind of finding in a picture."""

VIDEO_COLOURS: Mapping[str, Colour] = {
    "person": _VERMILION,
    "match": AMBER,
    "face": AMBER,
    "celebrity": _PURPLE,
    "object": _SKY,
    "text": _GREEN,
}
"""By kind of sighting in a video."""
