"""How the server logs: lines for people on a terminal, JSON lines everywhere else."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TextIO

import structlog

# Neither prints local variables, which structlog would: they hold secrets and pictures.
_FOR_PEOPLE = (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)
_FOR_MACHINES = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())


def configure() -> None:
    """Called once, by `regard serve`. A traceback goes into the log, never into an answer."""
    _configure(lambda: sys.stdout, logging.INFO)


def configure_command() -> None:
    """Called once, by every other command: standard output is for its answer alone."""
    _configure(lambda: sys.stderr, logging.WARNING)


def _configure(stream: Callable[[], TextIO], level: int) -> None:
    terminal = stream().isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_FOR_PEOPLE if terminal else _FOR_MACHINES),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Asked for each time: who embeds a command may have put another stream in its place since.
        logger_factory=lambda *_: structlog.PrintLogger(stream()),
    )
