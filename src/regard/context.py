"""The one request that is being served, and what it may be served with."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from regard.caller import Caller
from regard.collections.celebrities import Celebrities
from regard.collections.gallery import Gallery
from regard.collections.store import CollectionStore
from regard.collections.users import Users
from regard.governance.reviews import ModerationReviews
from regard.jobs.notices import JobNotices
from regard.jobs.records import Job
from regard.jobs.store import JobStore
from regard.settings import Settings
from regard.storage.buckets.objects import ObjectStore
from regard.video.frame_looks import Detectors
from regard.video.persons import PersonLooks, ThingDetector
from regard.vision.faces import FaceAnalyzer
from regard.vision.labels import LabelDetector
from regard.vision.looks import Looks
from regard.vision.nudity import NudityDetector
from regard.vision.protective import ProtectiveDetector
from regard.vision.text import TextAnalyzer


@dataclass(frozen=True, slots=True)
class Models:
    """What looks at pixels; built once, in `regard.app`. Networks load when they are first used."""

    faces: FaceAnalyzer
    texts: TextAnalyzer
    labels: LabelDetector
    nudity: NudityDetector
    protective: ProtectiveDetector
    things: ThingDetector
    person_looks: PersonLooks

    @property
    def detectors(self) -> Detectors:
        """The models that look at a video's frames."""
        return Detectors(self.faces, self.labels, self.nudity, self.texts, self.things)

    def looks(self) -> Looks:
        """A new memory of what is found in pictures, for one request or several about one picture."""
        return Looks(self.faces, self.labels, self.nudity)


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept, and where; built once, in `regard.app`."""

    collections: CollectionStore
    gallery: Gallery
    users: Users
    celebrities: Celebrities
    reviews: ModerationReviews
    objects: ObjectStore
    jobs: JobStore
    notices: JobNotices


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation may know about the request beside its parameters.

    `looks` keeps what was found in the request's pictures, maybe by a request before about the same one.
    `case` is the case reference that the caller gave with the header `x-regard-case`, or None.
    `purpose` is the one whose rules apply: the collection's or the key's, whichever is stricter; `general`
    where neither has one. `collection_purpose` is the collection's own, as the gate saw it.
    `job` is the one that is being run, None for a request.
    `threshold` is the least similarity, in percent, for an operation that matches faces and whose requests
    name none; None for every other.
    """

    settings: Settings
    models: Models
    stores: Stores
    caller: Caller
    operation: str
    looks: Looks
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    case: str | None = None
    purpose: str = "general"
    collection_purpose: str = "general"
    threshold: float | None = None
    job: Job | None = None
