"""Diagrams of how Regard works, by the names of their files in docs/pictures."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from drawing import LINE, WIDTH, Box, Drawing

_EDGE: Final = 20.0
_WIDE: Final = WIDTH - 2 * _EDGE
_MIDDLE: Final = WIDTH / 2


def request() -> str:
    """From a client to an answer, by the one path."""
    drawing = Drawing("A request is signed, admitted, computed, recorded, and answered, all on your machine")
    client = drawing.box(
        _EDGE, 16, _WIDE, ["Your code, unmodified", "boto3, the AWS CLI, any AWS SDK"], "store"
    )
    left, width, y = 44.0, WIDTH - 88.0, 132.0
    top = y - 34
    boxes = []
    for lines, kind in (
        (["Wire", "Who signed this? (SigV4, TLS)"], "step"),
        (["Gate", "May they? For which purpose?", "So which threshold, and what else?"], "gate"),
        (
            ["Operation", "models see: faces, labels, text, video", "galleries find: who resembles whom"],
            "step",
        ),
        (["Gate", "The audit record is on disk.", "Strict: people judge blind first."], "gate"),
    ):
        boxes.append(drawing.box(left, y, width, lines, kind))  # type: ignore[arg-type]
        y = boxes[-1].bottom + 24
    frame = Box(_EDGE, top, WIDTH - _EDGE, y - 8)
    drawing.frame(frame, "your machine")
    drawing.arrow((client.middle, client.bottom), (client.middle, boxes[0].top))
    for upper, lower in pairwise(boxes):
        drawing.arrow((upper.middle, upper.bottom), (lower.middle, lower.top))
    answer = drawing.box(_EDGE, frame.bottom + 26, _WIDE, ["The answer, in AWS's own shape"], "good")
    drawing.arrow((answer.middle, boxes[-1].bottom), (answer.middle, answer.top))
    return drawing.svg(answer.bottom + 16)


def gate() -> str:
    """What a face search must pass under strict purposes."""
    drawing = Drawing(
        "A face search passes one question after another; the first no is a refusal that says why"
    )
    width, y = 290.0, 16.0
    questions = (
        ("Is the key or person suspended?", "until resumed", "suspended"),
        ("Do role and policy allow it?", "a Deny wins", "not allowed"),
        ("Which purpose, so which floor?", "the strictest of three counts", "below 99 %"),
        ("Strict: who answers for it?", "a person, not a mere key", "nobody's key"),
        ("Strict: were they trained?", "within the last year", "not trained"),
        ("Strict: on which open case?", "one that they work on", "no case"),
    )
    asked: list[Box] = []
    for question, note, refusal in questions:
        asked.append(drawing.box(_EDGE, y, width, [question, note], "gate"))
        edge, height = asked[-1].right, asked[-1].height
        drawing.arrow((edge, height), (WIDTH - 14, height))
        drawing.text((edge + WIDTH - 14) / 2, height - 6, refusal, "warn")
        y = asked[-1].bottom + 20
    run = drawing.box(_EDGE, y, width, ["The operation runs"])
    for upper, lower in pairwise([*asked, run]):
        drawing.arrow((upper.middle, upper.bottom), (lower.middle, lower.top))
    held = drawing.box(
        _EDGE, run.bottom + 20, width, ["Strict: who was found waits", "until people have judged it"], "gate"
    )
    drawing.arrow((run.middle, run.bottom), (held.middle, held.top))
    record = drawing.box(_EDGE, held.bottom + 20, width, ["The audit record is on disk"], "store")
    drawing.arrow((held.middle, held.bottom), (record.middle, record.top))
    answer = drawing.box(_EDGE, record.bottom + 20, width, ["The answer leaves"], "good")
    drawing.arrow((record.middle, record.bottom), (answer.middle, answer.top))
    drawing.text(WIDTH - 70, answer.height - 6, "refusals are")
    drawing.text(WIDTH - 70, answer.height + 13, "recorded, too")
    return drawing.svg(answer.bottom + 16)


def review() -> str:
    """What becomes of a candidate that a search has found."""
    drawing = Drawing(
        "A candidate is rated blind by two, becomes a lead, and is confirmed by independent evidence"
    )
    found = drawing.box(90, 16, 260, ["A search finds somebody", "the client gets a placeholder"])
    rate = drawing.box(
        90, found.bottom + 24, 260, ["Two trained people rate blind", "−3 another … +3 the same"], "gate"
    )
    drawing.arrow((_MIDDLE, found.bottom), (_MIDDLE, rate.top))
    y, third = rate.bottom + 64, 128.0
    rejected = drawing.box(12, y, third, ["REJECTED", "left out"], "bad")
    lead = drawing.box(156, y, third, ["LEAD", "named, no proof"], "good")
    unsure = drawing.box(300, y, third, ["INCONCLUSIVE", "left out"], "store")
    fork = rate.bottom + 26
    for box, said in ((rejected, "both ≤ −1"), (lead, "both ≥ +2"), (unsure, "else")):
        drawing.arrow((_MIDDLE, rate.bottom), (_MIDDLE, fork), (box.middle, fork), (box.middle, box.top))
        if box is unsure:
            drawing.text(box.middle - 8, fork + 22, said, anchor="end")
        else:
            drawing.text(box.middle + 8, fork + 22, said, anchor="start")
    y = lead.bottom + 84
    confirmed = drawing.box(
        12, y, 196, ["CONFIRMED", "evidence from elsewhere,", "an approver without part"], "good"
    )
    disputed = drawing.box(232, y, 196, ["DISPUTED", "by anybody on the case"], "gate")
    fork = lead.bottom + 26
    for box, said in ((confirmed, "is evidence found?"), (disputed, "is it doubted?")):
        drawing.arrow((_MIDDLE, lead.bottom), (_MIDDLE, fork), (box.middle, fork), (box.middle, box.top))
        drawing.text(box.middle + 8, fork + 24, said, anchor="start")
    y = confirmed.bottom + 30
    wrong = drawing.box(12, y, 196, ["WRONG", "into the register"], "bad")
    upheld = drawing.box(232, y, 196, ["UPHELD", "named again"], "good")
    drawing.arrow((disputed.middle, disputed.bottom), (upheld.middle, upheld.top))
    drawing.arrow(
        (disputed.left + 30, disputed.bottom),
        (disputed.left + 30, y - 14),
        (wrong.middle, y - 14),
        (wrong.middle, wrong.top),
    )
    return drawing.svg(wrong.bottom + 16)


def authorization() -> str:
    """The states of an authorization to search films for faces."""
    drawing = Drawing(
        "An authorization is requested, approved, active, over; an exigency runs first and is decided after"
    )
    left, right, width = 12.0, 232.0, 196.0
    drawing.text(left + width / 2, 28, "with a document", "head")
    drawing.text(right + width / 2, 28, "when nobody can wait", "head")
    asked = drawing.box(left, 44, width, ["REQUESTED", "no search"], "store")
    approved = drawing.box(left, 160, width, ["APPROVED", "no search yet"], "store")
    active = drawing.box(left, 276, width, ["ACTIVE", "films are searched"], "good")
    over = drawing.box(left, 392, width, ["EXPIRED or REVOKED", "what was found stays"], "store")
    for upper, lower, said in (
        (asked, approved, "an approver enters it"),
        (approved, active, "its time begins"),
        (active, over, "its time is over"),
    ):
        drawing.arrow((upper.left + 30, upper.bottom), (upper.left + 30, lower.top), said=said)
    exigent = drawing.box(right, 44, width, ["EXIGENT", "films are searched"], "good")
    awaiting = drawing.box(right, 160, width, ["AWAITING", "films are searched"], "good")
    lapsed = drawing.box(right, 392, width, ["LAPSED, REJECTED", "what was found is erased"], "bad")
    drawing.arrow((exigent.left + 90, exigent.bottom), (awaiting.left + 90, awaiting.top), said="submitted")
    drawing.arrow(
        (awaiting.left, awaiting.bottom - 14),
        (awaiting.left - 12, awaiting.bottom - 14),
        (awaiting.left - 12, active.height),
        (active.right, active.height),
    )
    drawing.text(awaiting.left - 4, awaiting.bottom + 22, "ratified in time", anchor="start")
    drawing.arrow((awaiting.left + 120, awaiting.bottom), (awaiting.left + 120, lapsed.top))
    drawing.text(awaiting.left + 112, lapsed.top - 50, "refused, or", "warn", "end")
    drawing.text(awaiting.left + 112, lapsed.top - 50 + LINE, "hours over", "warn", "end")
    drawing.arrow(
        (exigent.right - 14, exigent.bottom),
        (exigent.right - 14, exigent.bottom + 20),
        (WIDTH - 6, exigent.bottom + 20),
        (WIDTH - 6, lapsed.height),
        (lapsed.right, lapsed.height),
    )
    return drawing.svg(lapsed.bottom + 16)


def job() -> str:
    """A job that loses its worker."""
    drawing = Drawing(
        "A worker dies; its lease lapses; another goes on from the last step that was committed"
    )
    first, store, second = 70.0, _MIDDLE, 370.0
    heads = [
        drawing.box(first - 58, 16, 116, ["Worker A"]),
        drawing.box(store - 58, 16, 116, ["Database"], "store"),
        drawing.box(second - 58, 16, 116, ["Worker B"]),
    ]
    for x, bottom in ((first, 296.0), (store, 500.0), (second, 500.0)):
        drawing.life(x, heads[0].bottom, bottom)
    y = heads[0].bottom + 34
    drawing.arrow((first, y), (store, y), said="take: fence 1")
    drawing.arrow((first, y + 42), (store, y + 42), said="step 1")
    drawing.arrow((first, y + 84), (store, y + 84), said="step 2")
    drawing.text(store + 10, y + 64, "results and state", anchor="start")
    drawing.text(store + 10, y + 64 + LINE, "in one transaction", anchor="start")
    drawing.box(first - 62, y + 110, 124, ["dies or hangs"], "bad")
    drawing.text(store, y + 172, "the lease lapses after 60 s", "head")
    drawing.arrow((second, y + 214), (store, y + 214), said="take: fence 2")
    drawing.arrow((store, y + 252), (second, y + 252), said="state of step 2")
    drawing.arrow((second, y + 294), (store, y + 294), said="step 3")
    drawing.arrow((first, y + 324), (store, y + 324), said="late: fence 1")
    drawing.text(store + 10, y + 329, "refused", "warn", "start")
    drawing.arrow((second, y + 372), (store, y + 372), said="the end, the notice")
    drawing.box(store - 100, y + 392, 200, ["SUCCEEDED", "as if undisturbed"], "good")
    drawing.life(first, 296, y + 324)
    return drawing.svg(y + 392 + 2 * LINE + 34)


def index() -> str:
    """How a collection's index searches."""
    drawing = Drawing(
        "New vectors lie in a tail, later in segments; all codes are scanned, the best are measured exactly"
    )
    new = drawing.box(_EDGE, 16, 180, ["New faces", "128 numbers each"], "store")
    probe = drawing.box(240, 16, 180, ["The face looked for", "128 numbers"], "step")
    tail = drawing.box(_EDGE, new.bottom + 36, 180, ["Tail", "up to 16,384 vectors"])
    segment = drawing.box(_EDGE, tail.bottom + 40, 180, ["Segments", "up to 1,048,576 each"])
    drawing.arrow((new.middle, new.bottom), (tail.middle, tail.top), said="at once")
    drawing.arrow((tail.middle, tail.bottom), (segment.middle, segment.top), said="when full: sealed")
    exact = drawing.box(240, tail.top, 180, ["Exact distances", "to every vector"], "gate")
    codes = drawing.box(240, segment.top, 180, ["Scan every code", "4 bits each, in memory"], "gate")
    look = drawing.box(240, codes.bottom + 40, 180, ["Measure the best", "fp16, from a file"], "gate")
    drawing.arrow((probe.middle, probe.bottom), (exact.middle, exact.top))
    drawing.arrow((tail.right, tail.height), (exact.left, exact.height))
    drawing.arrow((segment.right, segment.height), (codes.left, codes.height))
    drawing.arrow((codes.middle, codes.bottom), (look.middle, look.top))
    drawing.text(codes.middle - 8, look.top - 14, "all that can be near enough", anchor="end")
    result = drawing.box(
        _EDGE,
        look.bottom + 44,
        _WIDE,
        ["The nearest within the radius", "nothing is partitioned, so nothing is missed"],
        "good",
    )
    drawing.arrow((look.middle, look.bottom), (look.middle, result.top))
    drawing.arrow(
        (exact.right, exact.height),
        (WIDTH - 8, exact.height),
        (WIDTH - 8, result.top - 14),
        (look.middle + 60, result.top - 14),
        (look.middle + 60, result.top),
    )
    return drawing.svg(result.bottom + 16)


def liveness() -> str:
    """Who speaks with whom in a check of Face Liveness."""
    drawing = Drawing(
        "The backend makes a session, the browser streams its video to Regard, the backend reads the result"
    )
    browser, backend, regard = 70.0, _MIDDLE, 370.0
    for x, name in ((browser, "Browser"), (backend, "Your backend"), (regard, "Regard")):
        box = drawing.box(x - 60, 16, 120, [name], "store" if x == backend else "step")
        drawing.life(x, box.bottom, 496)
    y = 86.0
    drawing.arrow((browser, y), (backend, y), said="begin")
    drawing.arrow((backend, y + 40), (regard, y + 40), said="create a session")
    drawing.arrow((backend, y + 80), (regard, y + 80), said="credentials for it")
    drawing.arrow((backend, y + 120), (browser, y + 120), said="session and these")
    drawing.arrow((browser, y + 166), (regard, y + 166), said="WebSocket, signed")
    drawing.arrow((regard, y + 206), (browser, y + 206), said="an oval to fill, and colours to show")
    drawing.arrow((browser, y + 246), (regard, y + 246), said="video, and when each colour showed")
    drawing.arrow((regard, y + 286), (browser, y + 286), said="done; it tells no score")
    drawing.arrow((backend, y + 336), (regard, y + 336), said="results")
    drawing.arrow((regard, y + 376), (backend, y + 376), said="Confidence")
    drawing.arrow((backend, y + 400), (browser, y + 400), said="passed, or not")
    return drawing.svg(512)


DIAGRAMS: Final[dict[str, Callable[[], str]]] = {
    one.__name__: one for one in (request, gate, review, authorization, job, index, liveness)
}
