"""What is told of a source that fails, and when it is tried again."""

from __future__ import annotations

import av.error
import pytest

from regard.video.live.failures import FailureCause, Retries, SourceFailed, failure_of
from regard.video.live.networks import HostUnknown, SourceRefused
from regard.video.reading.limits import VideoError

_URL = "rtsp://admin:s3cret@10.0.0.9/main"


def test_the_wait_grows_to_half_a_minute_and_begins_anew_after_a_minute_of_pictures() -> None:
    retries = Retries(lambda: 0.5)
    assert [retries.after(FailureCause.LOST, 0) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert retries.after(FailureCause.LOST, 59) == 30
    assert retries.after(FailureCause.LOST, 61) == 0.5


def test_waits_differ_by_a_fifth() -> None:
    assert Retries(lambda: 0.0).after(FailureCause.ABSENT, 0) == pytest.approx(24)
    assert Retries(lambda: 1.0).after(FailureCause.ABSENT, 0) == pytest.approx(36)


def test_a_camera_that_wants_another_password_is_left_in_peace() -> None:
    retries = Retries()
    assert [retries.after(FailureCause.LOCKED, 0) for _ in range(4)] == [60, 300, 3600, 3600]
    assert retries.after(FailureCause.LOCKED, 5) == 60  # it let us in meanwhile


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (av.error.HTTPUnauthorizedError(1, "x", _URL), FailureCause.LOCKED),
        (av.error.HTTPForbiddenError(1, "x", _URL), FailureCause.LOCKED),
        (av.error.HTTPNotFoundError(1, "x", _URL), FailureCause.ABSENT),
        (av.error.InvalidDataError(1, "x", _URL), FailureCause.LOST),
        (av.error.ConnectionRefusedError(1, "x", _URL), FailureCause.LOST),
        (av.error.ExitError(1, "x", _URL), FailureCause.LOST),
        (av.error.DecoderNotFoundError(1, "x", _URL), FailureCause.FINAL),
        (OSError(5, "x", _URL), FailureCause.LOST),
        (RuntimeError(_URL), FailureCause.LOST),
        (HostUnknown("Its host is not known."), FailureCause.LOST),
        (SourceRefused("Its host is not allowed."), FailureCause.FINAL),
        (VideoError("The file is no video."), FailureCause.FINAL),
        (SourceFailed("It sends nothing.", FailureCause.ABSENT), FailureCause.ABSENT),
    ],
)
def test_an_exception_is_told_by_its_kind_without_its_text(error: Exception, cause: FailureCause) -> None:
    failure = failure_of(error)
    assert failure.cause is cause
    assert failure.why.endswith(".")
    assert not any(part in failure.why for part in ("s3cret", "admin", "10.0.0.9", "main"))
