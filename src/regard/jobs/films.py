"""The film of a job, read by a browser at an address that is good for ten minutes and one session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from regard.errors import InvalidParameterException, ResourceNotFoundException
from regard.jobs.records import Job, Status
from regard.jobs.store import JobStore
from regard.storage.buckets.folder_files import ObjectFacts
from regard.storage.buckets.objects import ObjectStore
from regard.storage.clock import milliseconds
from regard.storage.encryption import Cipher
from regard.storage.sealed_addresses import SealedAddresses

FILM_MINUTES: Final = 10
"""For how long a film is read at one address."""

_PIECE: Final = 1024 * 1024  # bytes that are held of a film that is read
_HEAD: Final = 64  # bytes that tell a container
_PLAYED: Final = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "theora"}
)  # codecs, as FFmpeg names them
_OVER: Final = "This address of the film is over; open the film again on the page of its job."


@dataclass(frozen=True, slots=True)
class Film:
    """A film that somebody may read now. `pieces` gives its bytes from a first to a last one, both included,
    a megabyte at a time, and asks before each whether that is still so.
    """

    facts: ObjectFacts
    media_type: str
    pieces: Callable[[int, int], Iterator[bytes]]


class JobFilms:
    """The films of one server's jobs.

    `may_show` raises ServiceError for a job whose film nobody sees any more, `limit` is how many bytes a
    video may have.
    """

    def __init__(
        self,
        jobs: JobStore,
        objects: ObjectStore,
        cipher: Cipher,
        *,
        limit: int,
        may_show: Callable[[Job], object],
    ) -> None:
        self._jobs = jobs
        self._objects = objects
        self._addresses = SealedAddresses(cipher, "film")
        self._limit = limit
        self._may_show = may_show

    def issue(self, job: Job, session: str) -> tuple[str, int]:
        """An address of a job's film for one browser session, and until when it is good, in milliseconds
        since the epoch.

        Raises InvalidParameterException for what browsers don't play and for another film than the job's, and
        what `ObjectStore.facts` raises.
        """
        self._open(job)
        until = milliseconds() + FILM_MINUTES * 60_000
        return self._addresses.seal([job.job_id, session, until]), until

    def find(self, address: str, session: str) -> Film:
        """The film at an address, for the browser of a session.

        Raises ResourceNotFoundException for an address that is none, is over, or another session's, and what
        `issue` and `may_show` raise.
        """
        job = self._job(address, session)
        facts, media_type = self._open(job)

        def pieces(first: int, last: int) -> Iterator[bytes]:
            bucket, name, version = _place(job)
            for start in range(first, last + 1, _PIECE):
                self._job(address, session)
                end = min(start + _PIECE - 1, last)
                yield self._objects.part(bucket, name, version, first=start, last=end, tag=facts.tag)

        return Film(facts, media_type, pieces)

    def progress(self, job_id: str) -> float | None:
        """How far a job is that is under way, from 0 to 1; None for every other."""
        job = self._jobs.find(job_id)
        return job.progress if job is not None and job.status is Status.IN_PROGRESS else None

    def _job(self, address: str, session: str) -> Job:
        match self._addresses.open(address):
            case [str(job_id), str(of), int(until)] if of == session and milliseconds() < until:
                job = self._jobs.find(job_id)
                if job is not None:
                    self._may_show(job)
                    return job
        raise ResourceNotFoundException(_OVER)

    def _open(self, job: Job) -> tuple[ObjectFacts, str]:
        bucket, name, version = _place(job)
        facts = self._objects.facts(bucket, name, version, limit=self._limit)
        if job.film is not None and job.film != facts.content:
            raise InvalidParameterException(
                "The film was replaced since it was analysed, so that what was found isn't of it; analyse "
                "it anew."
            )
        last = min(facts.size, _HEAD) - 1
        head = (
            self._objects.part(bucket, name, version, first=0, last=last, tag=facts.tag) if last >= 0 else b""
        )
        media_type, codec = media_type_of(head), _codec(job)
        if media_type is None or codec not in _PLAYED:
            raise InvalidParameterException(
                f"Browsers don't play this film (its video is {codec or 'of an unknown codec'}). Fetch it "
                "from its bucket, or put an MP4 of it there (ffmpeg -i FILM -c:v libx264 -c:a aac FILM.mp4) "
                "and analyse that."
            )
        return facts, media_type


def media_type_of(head: bytes) -> str | None:
    """The media type of a film that browsers play, by its first bytes; None for every other."""
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head else None
    return "video/ogg" if head.startswith(b"OggS") else None


def video_of(job: Job) -> tuple[str, str, str | None] | None:
    """Bucket, name and version of a job's video; None for a job on none."""
    where = (job.request.get("Video") or {}).get("S3Object")
    return None if where is None else (where["Bucket"], where["Name"], where.get("Version"))


def _place(job: Job) -> tuple[str, str, str | None]:
    place = video_of(job)
    if place is None:
        raise InvalidParameterException("This job is on no film.")
    return place


def _codec(job: Job) -> str | None:
    about = job.facts.get("VideoMetadata") or {}
    found = about[0] if isinstance(about, list) else about
    codec = found.get("Codec")
    return None if codec is None else str(codec)
