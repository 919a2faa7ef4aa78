"""What people do, told from what they hold, stand on or sit on.

A sport is as likely as the object that belongs to it, where a person's box covers enough of that object's.
Riding also needs the person to sit above: whoever stands beside a motorcycle covers it as well. Cycling,
riding horses, surfing and reading are left out: too few pictures were at hand to measure them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regard.vision.geometry import Box, corners, share_covered
from regard.vision.labels.label import Instance
from regard.vision.labels.objects import FoundClass

_HELD = 0.3  # of the object's box that a person's must cover
_REACH = 0.1  # of a person's box, by which hands and feet reach out of it
_AGREED = 0.9  # no activity is surer: twenty pictures are too few to say more


@dataclass(frozen=True, slots=True)
class _Activity:
    label: str
    is_ridden: bool = False


_ACTIVITIES: Mapping[str, _Activity] = {
    "baseball bat": _Activity("Baseball"),
    "baseball glove": _Activity("Baseball"),
    "tennis racket": _Activity("Tennis"),
    "skis": _Activity("Skiing"),
    "skateboard": _Activity("Skateboarding"),
    "motorcycle": _Activity("Motorcycling", is_ridden=True),
}


def activities(objects: Sequence[FoundClass]) -> dict[str, float]:
    """The probability, 0 to 1, of each activity that the objects of a picture speak for."""
    found: dict[str, float] = {}
    people = next((one for one in objects if one.name == "person"), None)
    for one in objects:
        activity = _ACTIVITIES.get(one.name)
        if activity is None or people is None:
            continue
        if any(_does(activity, held, person) for held in one.instances for person in people.instances):
            likely = min(one.confidence, people.confidence) / 100 * _AGREED
            found[activity.label] = max(found.get(activity.label, 0.0), likely)
    return found


def _does(activity: _Activity, held: Instance, person: Instance) -> bool:
    box = person.box
    reach = Box(
        box.left - _REACH * box.width, box.top, (1 + 2 * _REACH) * box.width, (1 + _REACH) * box.height
    )
    if share_covered(corners([held.box]), by=corners([reach]))[0, 0] < _HELD:
        return False
    return not activity.is_ridden or _sits_on(box, held.box)


def _sits_on(person: Box, ridden: Box) -> bool:
    """The person's middle is above the ridden one's and between its sides."""
    across = person.left + person.width / 2
    above = person.top + person.height / 2 < ridden.top + ridden.height / 2
    return above and ridden.left < across < ridden.left + ridden.width
