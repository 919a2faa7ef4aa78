"""Faces in stored video: all of them, those of a collection, and those of celebrities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from regard.collections.kept_matches import MATCHES, still_enrolled
from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.examination.found import FoundReviews
from regard.jobs.records import Item, Settle
from regard.operations.collections.search import face_match, search_listed
from regard.operations.pictures.celebrities import MAX_CELEBRITIES, celebrity_facts, recognise
from regard.operations.reviewing.sightings import settle_track
from regard.operations.shapes.boxes import bounding_box_in
from regard.operations.shapes.face_attributes import ALL, wanted
from regard.operations.shapes.faces import face_detail
from regard.operations.stored_video.momentary import Momentary
from regard.operations.stored_video.tracked import Moments, key_of
from regard.video.following.face_tracks import FaceTracks
from regard.video.following.portraits import TrackPortraits
from regard.video.stretches.demand import FaceRecognition, FaceTracking, Findable
from regard.video.video_pass import FrameSample

_MAX_MATCHES = 80  # of a track


class FaceAnalysis(Momentary):
    """StartFaceDetection's."""

    interval = 500

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._names = wanted([ALL] if request.get("FaceAttributes") == ALL else None)
        self.finds = (Findable.FACES, Findable.ATTRIBUTES) if self._names else (Findable.FACES,)
        self.facts: dict[str, Any] = {}

    def observe(self, sample: FrameSample) -> Sequence[Item]:
        findings, at = sample.findings, sample.frame.timestamp
        image, faces = findings.image, findings.faces()
        described = findings.attributes() if self._names else [None] * len(faces)
        return [
            Item(at, "", {"Timestamp": at, "Face": face_detail(face, image, attributes, self._names)})
            for face, attributes in zip(faces, described, strict=True)
        ]


class FaceSearchAnalysis:
    """StartFaceSearch's: faces are followed, and each track is searched for once, by its best sights."""

    interval, follows, finds = 250, True, (Findable.FACES,)

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._model = ctx.face_model
        self.rehearsal = FaceTracking(self._model.version)
        self._embedder = self._model.embedder  # raises before hours of work for nothing
        self._tracks = FaceTracks(self._model)
        self._begun: dict[int, int] = {}  # by track: when it was first seen, ms
        self._portraits = TrackPortraits()
        self._moments = Moments()
        self.facts: dict[str, Any] = {}

    def observe(self, sample: FrameSample) -> Sequence[Item]:
        findings, at = sample.findings, sample.frame.timestamp
        if sample.cut:
            self._tracks.cut()
        faces = findings.faces()
        ids = self._tracks.update(
            at, faces, lambda rows: findings.embeddings(self._embedder, [faces[row] for row in rows.tolist()])
        )
        if self._ctx.strict is not None:
            for number, face in zip(ids.tolist(), faces, strict=True):
                if number >= 0:
                    self._portraits.see(number, face, findings.image)
        shapes = [face_detail(face, findings.image) for face in faces]
        known = self._moments.add(at, ids.tolist(), shapes, self._tracks.named)
        items = [self._item(*moment) for moment in known]
        return [*items, *self._search(self._tracks.over())]

    def finish(self) -> Sequence[Item]:
        return self._search(list(self._begun))

    def state(self) -> dict[str, Any]:
        return {
            "model": self._model.version,
            "tracks": self._tracks.state(),
            "begun": list(self._begun.items()),
            "moments": self._moments.state(),
            "portraits": self._portraits.state(self._encrypt),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        if state.get("model", self._model.version) != self._model.version:
            raise InvalidParameterException(
                f"The collection has got face model {self._model.version} since the job began with "
                f"{state['model']}, whose vectors don't compare; start it again."
            )
        self._tracks = FaceTracks.restore(state["tracks"], self._model)
        self._begun = dict(state["begun"])
        self._moments = Moments.restore(state["moments"])
        self._portraits = TrackPortraits.restore(state.get("portraits", ()), self._decrypt)

    def _item(self, at: int, number: int, shape: dict[str, Any]) -> Item:
        self._begun[number] = min(at, self._begun.get(number, at))
        return Item(at, key_of(number), {"Timestamp": at, "Person": {"Index": number, "Face": shape}})

    def _search(self, numbers: Sequence[int]) -> list[Item]:
        """What each of these tracks resembles. They are over, and not kept any longer."""
        if not numbers:
            return []
        collection = self._ctx.collection
        items = []
        for number in numbers:
            probe = self._tracks.embedding(number)
            found = search_listed(self._ctx, collection, probe, _MAX_MATCHES)
            items.append(self._matched(number, [face_match(self._ctx, match) for match in found]))
            self._tracks.forget(number)
        return items

    def _matched(self, number: int, matches: list[dict[str, Any]]) -> Item:
        """What a track resembles; under a strict purpose people review it, and nothing else is kept of it."""
        at, key, portrait = self._begun.pop(number), key_of(number), self._portraits.pop(number)
        if not matches:
            return Item(at, key, {"FaceMatches": []}, MATCHES)
        if self._ctx.strict is None:
            return Item(at, key, {"FaceMatches": matches}, MATCHES, _settle_enrolled(self._ctx, matches))
        settle = settle_track(self._ctx, portrait, matches, key)
        return Item(at, key, {"FaceMatches": []}, MATCHES, settle)

    def _encrypt(self, number: int, portrait: bytes) -> bytes:
        return self._found.encrypt(portrait, self._name_of(number))

    def _decrypt(self, number: int, kept: bytes) -> bytes:
        return self._found.decrypt(kept, self._name_of(number))

    @property
    def _found(self) -> FoundReviews:
        return self._ctx.stores.accountability.examination.found

    def _name_of(self, number: int) -> str:
        return f"{self._ctx.job.job_id}/{number}"


def _settle_enrolled(ctx: Context, matches: Sequence[Mapping[str, Any]]) -> Settle:
    """Keeps the matches whose faces aren't erased by then."""
    collection, names = ctx.collection.row, [match["Face"]["FaceId"] for match in matches]

    def settle(connection: Connection) -> Mapping[str, Any]:
        there = still_enrolled(connection, collection, names)
        return {"FaceMatches": [match for match in matches if match["Face"]["FaceId"] in there]}

    return settle


class CelebrityAnalysis(Momentary):
    """StartCelebrityRecognition's."""

    interval, finds = 500, (Findable.FACES,)

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.rehearsal = FaceRecognition(ctx.stores.celebrities.model.version, MAX_CELEBRITIES)
        self.facts: dict[str, Any] = {}

    def observe(self, sample: FrameSample) -> Sequence[Item]:
        findings, at = sample.findings, sample.frame.timestamp
        faces = findings.faces()
        items = []
        for face, found in zip(faces, recognise(self._ctx, findings), strict=True):
            if found is None:
                continue
            detail = {
                **celebrity_facts(found.celebrity),
                "Id": found.celebrity.celebrity_id,
                "Confidence": found.similarity,
                "BoundingBox": bounding_box_in(findings.image, face.box),
                "Face": face_detail(face, findings.image),
            }
            key = found.celebrity.celebrity_id
            items.append(Item(at, key, {"Timestamp": at, "Celebrity": detail}))
        return items
