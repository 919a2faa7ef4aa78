"""How the server logs: lines for people on a terminal, JSON lines everywhere else, or as it is told.

What belongs to a request or to a job is bound to the thread's context (`structlog.contextvars`), so that each
line that is written meanwhile says whose it is.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Final, TextIO

import structlog

from regard.errors import RegardError
from regard.tracing import add_trace_id

FORMATS: Final = ("auto", "json", "console")

# Neither prints local variables, which structlog would: they hold secrets and pictures.
_FOR_PEOPLE = (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)
_FOR_MACHINES = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())


def configure(form: str = "auto") -> None:
    """Called once, by `regard serve` and the workers. A traceback goes into the log, never into an answer.

    `form` is one of FORMATS; `auto` is `console` on a terminal, else `json`. What libraries log by Python's
    own logging, warnings and worse, becomes lines of the same form. Raises RegardError for another form.
    """
    if form not in FORMATS:
        raise RegardError(f"REGARD_LOG must be one of {', '.join(FORMATS)}, not {form[:80]!r}.")
    _configure(lambda: sys.stdout, logging.INFO, form)
    logging.basicConfig(handlers=[_Forwarding()], level=logging.WARNING)


def configure_command() -> None:
    """Called once, by every other command: standard output is for its answer alone."""
    _configure(lambda: sys.stderr, logging.WARNING, "auto")


def _configure(stream: Callable[[], TextIO], level: int, form: str) -> None:
    for_people = stream().isatty() if form == "auto" else form == "console"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            add_trace_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_FOR_PEOPLE if for_people else _FOR_MACHINES),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Asked for each time: who embeds a command may have put another stream in its place since.
        logger_factory=lambda *_: structlog.PrintLogger(stream()),
    )


class _Forwarding(logging.Handler):
    """Hands what is logged by Python's own logging to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        log.log(record.levelno, record.getMessage(), library=record.name, exc_info=record.exc_info)
