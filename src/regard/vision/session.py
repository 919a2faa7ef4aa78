"""ONNX Runtime sessions, opened when first used, shared by all threads. Only this file names a device."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import cv2
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from regard import tracing
from regard.measurements import Timings

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PROVIDERS = ("CPUExecutionProvider",)


def one_thread_each() -> None:
    """Holds NumPy's and OpenCV's own thread pools to one thread, in the whole process.

    Requests run side by side. A pool for each small product only makes them wait: on a virtual machine with
    two cores, projecting eight embeddings took 30 ms with two threads and .1 ms with one.
    """
    threadpool_limits(1, user_api="blas")
    cv2.setNumThreads(1)


def _import_onnxruntime() -> ModuleType:
    """ONNX Runtime, when a network is opened: it takes its time, and most commands see no picture.

    Its builds report to their maker, by default, which program opens and runs networks, and on what machine,
    with a lasting number for it. Nothing of what happens here is anybody else's: this is switched off before
    the runtime starts, and where another part of the program has started it, as far as that still can be.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    onnxruntime = import_module("onnxruntime")
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def available_providers() -> list[str]:
    """The execution providers that this build of ONNX Runtime has, by its own names."""
    found: list[str] = _import_onnxruntime().get_available_providers()
    return found


@dataclass(frozen=True, slots=True)
class DerivedNetwork:
    """A network that isn't in a pack: what `change` makes of the file of `source` when it is opened."""

    source: str
    change: Callable[[bytes], bytes]


class OwnNetwork:
    """A network that belongs to one model, given as the bytes of its file. Safe to share by threads."""

    def __init__(self, content: bytes) -> None:
        """Raises ValueError where ONNX Runtime can't open it."""
        _import_onnxruntime()
        from onnxruntime.capi import onnxruntime_pybind11_state as errors

        try:
            self._session = _session(content, PROVIDERS, 1)
        except (
            errors.InvalidProtobuf,
            errors.InvalidGraph,
            errors.InvalidArgument,
            errors.Fail,
            errors.NotImplemented,
            errors.RuntimeException,
        ) as error:
            raise ValueError("The network is no ONNX file, or is damaged.") from error

    @property
    def inputs(self) -> Mapping[str, Sequence[int | str | None]]:
        """What it takes: its inputs' names and shapes, where a side of any length is a name or None."""
        return {one.name: one.shape for one in self._session.get_inputs()}

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Its outputs, in its own order. Raises ValueError for inputs of another name or shape."""
        from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

        try:
            outputs: list[NDArray[Any]] = self._session.run(None, dict(feeds))
        except (Fail, InvalidArgument, RuntimeException) as error:
            raise ValueError("The network takes inputs of another shape.") from error
        return outputs


class SessionPool:
    """Networks by name.

    One intra-op thread by default: requests run side by side, which uses the cores better than splitting
    one network over them. No memory arena: pictures differ in size, and an arena would keep the largest
    size of every network for ever.
    """

    def __init__(
        self,
        models: Mapping[str, Path],
        *,
        optional: Mapping[str, Callable[[], Path | None]] | None = None,
        derived: Mapping[str, DerivedNetwork] | None = None,
        providers: Sequence[str] = PROVIDERS,
        threads: int = 1,
        timings: Timings | None = None,
    ) -> None:
        """`optional` networks are asked for until they are there: each gives its file, or None. `derived`
        ones are there as their sources are. `timings` is told how long each run took.
        """
        self._paths = dict(models)
        self._optional = dict(optional or {})
        self._derived = dict(derived or {})
        self._providers = list(providers)
        self._threads = threads
        self._timings = timings or Timings()
        self._sessions: dict[str, InferenceSession] = {}
        self._digests: dict[str, str] = {}
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        """Whether the network can be run. Raises what an optional one raises that is there and damaged."""
        if name in self._derived:
            name = self._derived[name].source
        return name in self._sessions or name in self._paths or self._find_optional(name) is not None

    def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The outputs of network `name`, in its own order. Safe to call from several threads.

        Raises KeyError for a network that isn't there, and what an optional one raises that is damaged.
        """
        session = self._sessions.get(name) or self._open(name)
        with tracing.span("network", network=name), self._timings.measure(name):
            outputs: list[NDArray[Any]] = session.run(None, dict(feeds))
        return outputs

    def metadata(self, name: str) -> Mapping[str, str]:
        """What the file of network `name` says of it, such as the characters it knows. Raises KeyError."""
        session = self._sessions.get(name) or self._open(name)
        facts: dict[str, str] = session.get_modelmeta().custom_metadata_map
        return facts

    def digest(self, name: str) -> str:
        """SHA-256 of the file of network `name`, or of its source's, hex. Raises KeyError for a network that
        isn't there.
        """
        if name not in self._digests:
            with self._path(name).open("rb") as file:
                self._digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._digests[name]

    def load(self, names: Iterable[str] | None = None) -> None:
        """Open these networks now (all when None), so that the first request doesn't wait."""
        for name in self._paths if names is None else names:
            self._open(name)

    def _open(self, name: str) -> InferenceSession:
        with self._lock:
            if name not in self._sessions:
                file: str | bytes = str(self._path(name))
                if name in self._derived:
                    file = self._derived[name].change(self._path(name).read_bytes())
                self._sessions[name] = _session(file, self._providers, self._threads)
            return self._sessions[name]

    def _path(self, name: str) -> Path:
        if name in self._derived:
            name = self._derived[name].source
        path = self._paths.get(name) or self._find_optional(name)
        if path is None:
            raise KeyError(name)
        return path

    def _find_optional(self, name: str) -> Path | None:
        return self._optional[name]() if name in self._optional else None


def _session(file: str | bytes, providers: Sequence[str], threads: int) -> InferenceSession:
    onnxruntime = _import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    session: InferenceSession = onnxruntime.InferenceSession(file, options, providers=list(providers))
    return session
