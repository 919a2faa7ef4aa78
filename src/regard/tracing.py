"""Traces by OpenTelemetry: from a request to its gate, its operation, networks and database.

Off, and a function call each, unless an exporter is configured by the standard variables
(https://opentelemetry.io/docs/specs/otel/protocol/exporter/) and `regard[otel]` is installed. Attributes are
operations, networks, ids of requests and jobs, and codes of errors: no picture, no name, no id of a person or
a face, and no message of an error, which may hold one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import Any, Final

from regard.errors import RegardError, ServiceError

_EXPORTERS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_OFF: Final = nullcontext()


class _Tracing:
    """Where this process's traces go: None for nowhere, as structlog's configuration once a process."""

    tracer: Any = None


def configure(service: str) -> None:
    """Called once, by `regard serve` and the workers. `service` is the name of the process in traces where
    OTEL_SERVICE_NAME says none.

    Raises RegardError where an exporter is configured and the packages are missing.
    """
    if not any(os.environ.get(name) for name in _EXPORTERS) or os.environ.get("OTEL_SDK_DISABLED") == "true":
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise RegardError(
            "Traces, for which OTEL_EXPORTER_OTLP_ENDPOINT names a place, need more packages: "
            "pip install 'regard[otel]'."
        ) from error
    named = os.environ.get("OTEL_SERVICE_NAME") or service
    provider = TracerProvider(
        resource=Resource.create({"service.name": named, "service.version": version("regard")})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use(provider)


def use(provider: Any) -> None:
    """Has spans go to a TracerProvider; None switches them off."""
    _Tracing.tracer = None if provider is None else provider.get_tracer("regard", version("regard"))


def span(name: str, **attributes: str) -> AbstractContextManager[Any]:
    """A span around what the body does, a child of the one that is open."""
    tracer = _Tracing.tracer
    return _OFF if tracer is None else _span(tracer, name, attributes)


def server_span(headers: Mapping[str, str], **attributes: str) -> AbstractContextManager[Any]:
    """The span of a request: a child of the client's, where it sends W3C's `traceparent`."""
    tracer = _Tracing.tracer
    if tracer is None:
        return _OFF
    from opentelemetry.trace import SpanKind

    sent = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
    return _span(tracer, "request", attributes, context=_extract(sent), kind=SpanKind.SERVER)


def linked_span(name: str, traceparent: str | None, **attributes: str) -> AbstractContextManager[Any]:
    """The first span of a trace of its own, linked to the one that has asked for the work."""
    tracer = _Tracing.tracer
    if tracer is None:
        return _OFF
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, get_current_span

    asked = get_current_span(_extract({} if traceparent is None else {"traceparent": traceparent}))
    found = asked.get_span_context()
    return _span(tracer, name, attributes, context=Context(), links=[Link(found)] if found.is_valid else [])


def describe(**attributes: str) -> None:
    """Adds attributes to the span that is open; its name is `name`'s, where that is among them."""
    if _Tracing.tracer is None:
        return
    from opentelemetry.trace import get_current_span

    current = get_current_span()
    if "name" in attributes:
        current.update_name(attributes.pop("name"))
    current.set_attributes(attributes)


def traceparent() -> str | None:
    """What links later work to the span that is open, as W3C writes it; None where there is none."""
    if _Tracing.tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def add_trace_id(_logger: object, _method: str, event: Any) -> Any:
    """A processor of structlog: lines that are written within a span have its `trace_id` and `span_id`."""
    if _Tracing.tracer is not None:
        from opentelemetry.trace import get_current_span

        found = get_current_span().get_span_context()
        if found.is_valid:
            event |= {"trace_id": f"{found.trace_id:032x}", "span_id": f"{found.span_id:016x}"}
    return event


def _extract(carrier: Mapping[str, str]) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract(carrier, context=Context())


@contextmanager
def _span(tracer: Any, name: str, attributes: Mapping[str, str], **options: Any) -> Iterator[Any]:
    from opentelemetry.trace import StatusCode

    with tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False, **options
    ) as opened:
        try:
            yield opened
        except Exception as error:
            is_theirs = isinstance(error, ServiceError) and error.status < 500
            code = error.code if isinstance(error, ServiceError) else type(error).__name__
            opened.set_attribute("error.type", code)
            if not is_theirs:  # what the caller can mend is no failure
                opened.set_status(StatusCode.ERROR)
            raise
