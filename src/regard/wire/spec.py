"""Rekognition's service model (2016-06-27) as botocore ships it: operations and their shapes.

Operations are named as botocore's clients name them: `detect_labels` for `DetectLabels`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from regard.errors import UnknownOperationException

SERVICE: Final = "rekognition"
API_VERSION: Final = "2016-06-27"

_JSON_ROOM: Final = 512 * 1024
"""Bytes that a request may use for everything in it that is not an image."""


@lru_cache(maxsize=1)
def service() -> Any:
    """The `botocore.model.ServiceModel`, read once (about 0.2 s).

    Only botocore's own folder is searched: a file in `~/.aws/models` must not change what a server accepts.
    """
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model(SERVICE, "service-2", API_VERSION), SERVICE)


@lru_cache(maxsize=1)
def wire_names() -> Mapping[str, str]:
    """`{"detect_labels": "DetectLabels", …}`, in the model's order."""
    return MappingProxyType({xform_name(name): name for name in service().operation_names})


def operation_names() -> tuple[str, ...]:
    """The 75 operations: `associate_faces`, …, `update_stream_processor`."""
    return tuple(wire_names())


@lru_cache(maxsize=1)
def _targets() -> Mapping[str, str]:
    prefix = service().metadata["targetPrefix"]
    return {f"{prefix}.{wire}": operation for operation, wire in wire_names().items()}


def operation_of(target: str | None) -> str:
    """The operation that an `X-Amz-Target` header names.

    Raises UnknownOperationException.
    """
    operation = _targets().get(target or "")
    if operation is None:
        raise UnknownOperationException
    return operation


@lru_cache(maxsize=256)
def _model(operation: str) -> Any:
    return service().operation_model(wire_names()[operation])


def input_shape(operation: str) -> Any:
    """The `StructureShape` of an operation's request. Raises KeyError for an unknown name."""
    return _model(operation).input_shape


def output_shape(operation: str) -> Any:
    """The `StructureShape` of an operation's response. Raises KeyError for an unknown name."""
    return _model(operation).output_shape


@lru_cache(maxsize=256)
def error_members(code: str) -> frozenset[str]:
    """Members that a modelled exception has beside its message; empty for an error that is not modelled."""
    shape = service().shape_for_error_code(code)
    return frozenset(shape.members) if shape is not None else frozenset()


@lru_cache(maxsize=256)
def body_limit(operation: str, image_bytes: int) -> int:
    """The largest request body, in bytes: room for each blob, in Base64, and for the rest.

    CompareFaces takes two images, so one limit for all would either refuse it or let every other
    operation buffer twice what it needs.
    """
    blobs = sum(1 for shape in _leaves(input_shape(operation)) if shape.type_name == "blob")
    return blobs * 4 * ((image_bytes + 2) // 3) + _JSON_ROOM


def _leaves(shape: Any) -> Iterator[Any]:
    # Rekognition's request shapes don't recurse; a test holds that.
    if shape.type_name == "structure":
        for member in shape.members.values():
            yield from _leaves(member)
    elif shape.type_name == "list":
        yield from _leaves(shape.member)
    else:
        yield shape
