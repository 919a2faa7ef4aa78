"""How a running processor stands, in a sentence: its StatusMessage."""

from __future__ import annotations

from datetime import UTC, datetime

from regard.streams.running import Output, SourceStanding

NO_CAPACITY = "This machine is at its limit; the processor waits for another worker (`regard streams`)."
FAULT = "The analysis failed in a way that is Regard's fault; its log says how."


def standing_message(standing: SourceStanding, rate: float | None, output: Output | None, now: float) -> str:
    """`rate` is how many samples a second are analysed, None while nobody knows; `now` in s since the epoch.

    The picture's age, the reason and the next try are told of a source that gives none.
    """
    said = _picture(standing, rate) if standing.word == "PLAYING" else _away(standing, now)
    if output is not None and output.failure is not None:
        said += f" Records are not taken: {output.failure.rstrip('.')}; {output.dropped} were dropped."
    return said


def _picture(standing: SourceStanding, rate: float | None) -> str:
    codec = standing.codec or "video"
    parts = [codec if standing.width is None else f"{codec} {standing.width} × {standing.height}"]
    if standing.rate:
        parts.append(f"{standing.rate:g} frames/s")
    said = ", ".join(parts)
    return f"{said}." if rate is None else f"{said}; {rate:.1f} looks a second."


def _away(standing: SourceStanding, now: float) -> str:
    if standing.last_picture is None:
        said = "No picture yet"
    else:
        moment = datetime.fromtimestamp(standing.last_picture, UTC)
        said = f"No picture since {moment:%H:%M:%S} UTC"
    if standing.why:
        said += f": {standing.why.rstrip('.')}"
    if standing.next_try is not None:
        said += f"; next try in {max(0, round(standing.next_try - now))} s"
    return f"{said}."
