"""What is known of an operation, declared once, beside the function that it runs.

The gate, the roles, the rules of purposes, the documentation and the meter read these values; nothing else
knows operations by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol

from botocore import xform_name

from regard.context import Context, Kind, Subject
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.governance.purpose import Threshold
from regard.governance.responsibility import Act
from regard.jobs.records import Job, Step
from regard.metering.units import Unit
from regard.operations.reviewing.reviewed import Reviewed
from regard.operations.subjects import NOTHING, About
from regard.operations.withholding import MatchPath
from regard.settings import Settings

Run = Callable[[Context, dict[str, Any]], dict[str, Any]]
"""From a request that was validated and admitted to the answer, both in the shapes of the API.

Raises ServiceError for what the caller can mend.
"""

Analysis = Callable[[Context, dict[str, Any], dict[str, Any] | None], Iterator[Step]]
"""What a job does: given the context, the Start request and the state of the last step that was committed,
or None, it does the rest, step by step.

A step is committed before the next one is asked for, and is never undone: an analysis that goes on from its
state gives the steps that an undisturbed one would have given. A step should take seconds, since a worker
that is told to stop finishes it. Between two steps the generator may be closed. It raises ServiceError for
what the client should read as the job's StatusMessage, VideoTooLargeException where a video is longer than
REGARD_VIDEO_SECONDS among it; ThrottlingException and errors of 500 have the job tried again later.
"""


class Area(StrEnum):
    """Where the documentation lists an operation."""

    PICTURES = "Pictures"
    COLLECTIONS = "Collections and face search"
    USERS = "Users"
    STORED_VIDEO = "Stored video"
    BULK = "Bulk analysis"
    STREAMS = "Live video"
    CUSTOM_LABELS = "Custom labels"
    LIVENESS = "Face liveness"
    TAGS = "Tags"
    JOBS = "Jobs"
    ADMINISTRATION = "Administration"
    RESPONSIBLE_USE = "Responsible use"


Measure = Callable[[Job | Step], int]
"""How much a job has done of what its operation bills, as of a step: images, or milliseconds of video."""


class Bill(StrEnum):
    """What an answered request is counted as, in the words of AWS's price list. Named as its `Unit`."""

    IMAGE_1 = "an image of group 1"
    IMAGE_2 = "an image of group 2"
    IMAGE_PROPERTIES = "an image's properties"
    VIDEO_MS = "the video's minutes"
    SEGMENT_MS = "the video's minutes, as segments"
    STREAM_MS = "the stream's minutes"
    TRAINING_MS = "the training's hours"
    INFERENCE_MS = "the running model's hours"
    LIVENESS = "a check of liveness"

    @property
    def unit(self) -> Unit:
        """What audit records and price lists call it."""
        return Unit[self.name]


class PurposeAfter(Protocol):
    """What purpose a request gives its subject."""

    def __call__(self, request: Mapping[str, Any], /) -> str | None:
        """The purpose, or None where the request leaves it alone. Raises InvalidParameterException."""
        ...


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation.

    `name` is the API's name for it, `DetectLabels`. `permission` is what its caller's role must hold; None
    makes it public: anybody may call it, unsigned, and no record is written.
    `about` says which members of a request name what it is about. `matches` is the threshold of an operation
    that matches faces. `shows` says where an answer, or what its jobs list, shows how alike people are.
    `reviewed` says how people review whom it found, under strict purposes.
    `bills` is what an answer costs, None for nothing; where a request names `Features`, `features` says what
    each of them costs in its place. `analysis` is what the jobs do that it starts, and `measure` how much of
    what it bills they have done.
    `sets_purpose` tells which purpose a request gives its subject; `rights` maps members of a request to the
    operations whose right they need too. `notes` are members of the request and the answer that its audit
    record keeps. `is_own` is for what Rekognition doesn't have. `is_local` is for what only the owner of the
    data folder may call, at the command line: it names files, and answers with objects of Python.
    `is_streamed` is for what takes and sends events in place of an answer: its request holds the stream, and
    no API has its shapes. `is_long` is for what leaves a record when it begins, too. `presence` says who must
    be there. `does` is what it does to people where that doesn't follow from the rest.
    """

    name: str
    run: Run
    area: Area
    permission: Permission | None
    about: About = NOTHING
    matches: Threshold | None = None
    shows: MatchPath | None = None
    reviewed: Reviewed | None = None
    bills: Bill | None = None
    features: Mapping[str, Bill] = field(default_factory=dict)
    measure: Measure | None = None
    analysis: Analysis | None = None
    sets_purpose: PurposeAfter | None = None
    rights: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()
    is_own: bool = False
    is_local: bool = False
    is_streamed: bool = False
    is_long: bool = False
    presence: Presence = Presence.KEY
    does: Act | None = None

    @cached_property
    def act(self) -> Act | None:
        """What it does to people, as far as strict purposes ask; None where they ask nothing."""
        if self.does is not None:
            return self.does
        if self.matches is not None and self.matches.setting is not None:
            return Act.RECOGNIZE
        if self.permission is Permission.ENROL:
            return Act.ENROL if self.sets_purpose is None else Act.TAG
        if self.matches is not None:
            return Act.SEARCH
        return None if self.shows is None else Act.READ_MATCHES

    @cached_property
    def follows_people(self) -> bool:
        """Whether it searches faces in moving pictures, which strict purposes want authorized."""
        is_live = self.about.kind is Kind.STREAM
        return self.act is Act.SEARCH and (is_live or self.analysis is not None)

    @cached_property
    def is_counted_later(self) -> bool:
        """Whether what it bills is counted as that runs, and not when the request is answered."""
        return self.analysis is not None or self.follows_people or self.bills is Bill.INFERENCE_MS

    @cached_property
    def is_repeatable(self) -> bool:
        """Whether it is about a picture or a face, changes nothing, and is answered at once."""
        reads = self.permission in (Permission.ANALYZE, Permission.SEARCH)
        return reads and self.bills in (Bill.IMAGE_1, Bill.IMAGE_2)

    @cached_property
    def fills_collections(self) -> bool:
        """Whether it is one of Rekognition's that changes what is in a collection, or the collection."""
        is_change = self.permission is Permission.ENROL and self.about.kind is Kind.COLLECTION
        return is_change and not self.is_own

    def act_on(self, subject: Subject) -> Act | None:
        """What it does to the people of a subject: nothing where a stream processor searches no faces."""
        searches_nobody = subject.kind is Kind.STREAM and subject.collection_id is None
        return None if searches_nobody else self.act

    def __post_init__(self) -> None:
        """Raises ValueError for what is public and not as harmless as that: it reads, and is about nobody."""
        if self.is_public and (self.about is not NOTHING or self.matches or self.bills or self.analysis):
            raise ValueError(f"{self.name} is public, and may be about nothing that somebody owns.")

    @property
    def is_public(self) -> bool:
        """Whether anybody may call it."""
        return self.permission is None

    @cached_property
    def key(self) -> str:
        """As botocore names the method of a client: `detect_labels`."""
        return str(xform_name(self.name))

    def threshold(
        self, request: Mapping[str, Any], settings: Settings, purpose: str, *, of_job: float | None = None
    ) -> float | None:
        """How alike two faces must be under a purpose, in percent; None for what matches none.

        `of_job` is the threshold that a job was started with, or a stream processor made with. Raises
        InvalidParameterException for one that is too low.
        """
        rule = self.matches
        if rule is None:
            return None
        if rule.setting is not None:
            return rule.applied(getattr(settings, rule.setting), purpose)
        if of_job is not None:
            return rule.applied(of_job, purpose, raised=True)
        inside: Any = request
        for name in rule.within:
            inside = inside.get(name)
            if inside is None:
                return None
        return None if rule.parameter is None else rule.applied(inside.get(rule.parameter), purpose)

    def needed_arns(self, subject: Subject) -> list[str]:
        """What its caller needs the right to."""
        needs = self.about.needs_collection and subject.needed_arn is not None
        return [subject.arn, str(subject.needed_arn)] if needs else [subject.arn]

    def kept_threshold(self, subject: Subject) -> float | None:
        """The threshold that a stream processor was made with, for what matches by that; else None."""
        rule, stream = self.matches, subject.stream
        of_request = rule is None or rule.parameter is not None or rule.setting is not None
        return None if of_request or stream is None else stream.threshold

    def units(self, request: Mapping[str, Any], amount: int = 1) -> dict[str, int]:
        """What usage counts when a request was answered: `amount` in each unit that it is billed in."""
        if self.features and request.get("Features"):
            billed = [self.features[name] for name in self.features if name in request["Features"]]
        else:
            billed = [] if self.bills is None else [self.bills]
        return {one.unit.value: amount for one in billed} if amount else {}

    def units_done(self, job: Job | Step, request: Mapping[str, Any]) -> dict[str, int]:
        """What usage counts of a job that has come so far."""
        return {} if self.measure is None else self.units(request, self.measure(job))

    def analyze(self, ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
        """Its `analysis`. Raises TypeError where it starts no jobs."""
        if self.analysis is None:
            raise TypeError(f"{self.name} starts no jobs.")
        return self.analysis(ctx, request, state)


def table(*areas: tuple[Operation, ...]) -> Mapping[str, Operation]:
    """The operations of some areas by their keys. Raises ValueError where two have the same key."""
    joined: dict[str, Operation] = {}
    for operation in (one for area in areas for one in area):
        if operation.key in joined:
            raise ValueError(f"{operation.name} is declared twice.")
        joined[operation.key] = operation
    return joined
