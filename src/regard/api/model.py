"""Service models in botocore's format: the operations of an API, their shapes, and how HTTP carries them.

Two are served: Rekognition's (2016-06-27), as botocore ships it, and Regard's own, from the files in `own/`.
Whatever parses, validates, serialises or describes an API reads it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Final

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from regard.api.own_model import OWN_FILES, read_own

REKOGNITION: Final = "rekognition"
REGARD: Final = "regard"
IMAGE: Final = "ImageBlob"
"""The shape of an image in a request."""
_VERSION: Final = "2016-06-27"  # of Rekognition's model
_ROOM_IN_LIST: Final = 4  # blobs; each request is held in memory whole


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """An operation as its API declares it.

    `name` is `DetectLabels`, `key` what botocore calls the method of a client, `detect_labels`. `input` and
    `output` are botocore's `StructureShape`s. `method` and `path` are HTTP's; labels of the path stand in
    braces, as in `/regard/v1/jobs/{JobId}`. `status` is that of an answer which is no error. `errors` are the
    codes of the exceptions that the model names. What `is_public` needs no signature.
    """

    name: str
    key: str
    input: Any
    output: Any
    method: str
    path: str
    status: int
    errors: tuple[str, ...]
    documentation: str
    is_public: bool = False

    def body_limit(self, image_bytes: int, room: int) -> int:
        """The longest request body, in bytes: each blob in Base64, and `room` for all that is no blob.

        An image may have `image_bytes`, another blob the model's own maximum. CompareFaces takes two images,
        so one limit for all operations would either refuse it or let every other one buffer twice what it
        needs. A list has room for `_ROOM_IN_LIST` of the largest: more of them fit where they are smaller.
        """
        blobs = sum(count * _base64(_maximum(shape, image_bytes)) for shape, count in _leaves(self.input, 1))
        return blobs + room

    @property
    def takes_images(self) -> bool:
        """Whether a request may hold an image."""
        return any(shape.name == IMAGE for shape, _ in _leaves(self.input, 1))


class Api:
    """One service model."""

    def __init__(self, service: str, model: Mapping[str, Any]) -> None:
        """`service` is what botocore calls it, `model` the content of its `service-2.json`.

        `operations` are by their keys, in the model's order, and so are their `names`.
        """
        self.service: Final = service
        self.document: Final = model
        self.model: Final = ServiceModel(model, service)
        self.protocol: Final[str] = self.model.metadata["protocol"]
        self.operations: Final[Mapping[str, ApiOperation]] = MappingProxyType(
            {operation.key: operation for operation in map(self._operation, self.model.operation_names)}
        )
        self.names: Final[Mapping[str, str]] = MappingProxyType(
            {key: operation.name for key, operation in self.operations.items()}
        )
        self._members: dict[str, frozenset[str]] = {}

    def error_members(self, code: str) -> frozenset[str]:
        """Members that an exception has beside its message; none for an error that the model doesn't name."""
        if code not in self._members:
            shape = self._errors.get(code)
            self._members[code] = frozenset() if shape is None else frozenset(shape.members)
        return self._members[code]

    def error_status(self, code: str) -> int | None:
        """The HTTP status that the model gives an error, None where it gives none."""
        shape = self._errors.get(code)
        status = None if shape is None else shape.metadata.get("error", {}).get("httpStatusCode")
        return None if status is None else int(status)

    @cached_property
    def _errors(self) -> Mapping[str, Any]:
        return {shape.error_code: shape for shape in self.model.error_shapes}

    def _operation(self, name: str) -> ApiOperation:
        model = self.model.operation_model(name)
        return ApiOperation(
            name=name,
            key=xform_name(name),
            input=model.input_shape,
            output=model.output_shape,
            method=model.http["method"],
            path=model.http["requestUri"],
            status=int(model.http.get("responseCode", 200)),
            errors=tuple(shape.name for shape in model.error_shapes),
            documentation=model.documentation,
            is_public=model.auth_type == "none",
        )


@lru_cache(maxsize=4)
def load_api(service: str) -> Api:
    """An API that is served, `rekognition` or `regard`, read once (the first in about 0.2 s).

    Only botocore's own folder and this package are searched: a file in `~/.aws/models` must not change what
    a server accepts.
    """
    version = _VERSION if service == REKOGNITION else None
    return Api(service, model_loader().load_service_model(service, "service-2", version))


def model_loader() -> Loader:
    """What finds botocore's own models and Regard's, and no other."""
    return _ModelLoader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


class _ModelLoader(Loader):  # type: ignore[misc]
    """botocore looks for a model in a folder of its service and version; ours is in this package."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if service_name == REGARD and type_name in OWN_FILES:
            return read_own(type_name)
        return super().load_service_model(service_name, type_name, api_version)


def _leaves(shape: Any, count: int) -> Iterator[tuple[Any, int]]:
    """The blobs of a request, and how many there may be of each. No request recurses; a test holds that."""
    if shape.type_name == "structure":
        for member in shape.members.values():
            yield from _leaves(member, count)
    elif shape.type_name == "list":
        yield from _leaves(shape.member, count * min(shape.metadata.get("max", 1), _ROOM_IN_LIST))
    elif shape.type_name == "blob":
        yield shape, count


def _maximum(shape: Any, image_bytes: int) -> int:
    return image_bytes if shape.name == IMAGE else int(shape.metadata.get("max", image_bytes))


def _base64(size: int) -> int:
    return 4 * ((size + 2) // 3)
