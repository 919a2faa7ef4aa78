"""Whatever valid request comes, a built operation answers its shape or one of AWS's errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import scenes
from tests.api.strategies import valid_requests

from regard.api.model import REKOGNITION, load_api
from regard.api.serialize import serialize
from regard.app import Parts, build
from regard.caller import LOCAL
from regard.errors import ServiceError
from regard.operations import OPERATIONS
from regard.packs.install import InstalledPack
from regard.settings import Settings

SHAPED = {key for key, one in OPERATIONS.items() if not one.is_own and not one.is_streamed}


@pytest.fixture(scope="module")
def parts(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("any")
    built = build(Settings.load({}, data=folder / "data", buckets=f"photos={scenes.PICTURES}"))
    built.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    portrait = {"S3Object": {"Bucket": "photos", "Name": "astronaut.jpg"}}
    indexed = built.gate.call("index_faces", {"CollectionId": "c", "Image": portrait}, LOCAL)
    face = indexed["FaceRecords"][0]["Face"]["FaceId"]
    built.gate.call("create_user", {"CollectionId": "c", "UserId": "u"}, LOCAL)
    built.gate.call("associate_faces", {"CollectionId": "c", "UserId": "u", "FaceIds": [face]}, LOCAL)
    yield built
    built.close()


@pytest.mark.parametrize("operation", sorted(SHAPED - {"delete_collection"}))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_valid_request_is_answered_or_refused(
    parts: Parts, operation: str, data: st.DataObject
) -> None:
    request: dict[str, Any] = data.draw(valid_requests(operation))
    if "CollectionId" in request and operation != "create_collection" and data.draw(st.booleans()):
        request["CollectionId"] = "c"
    if "UserId" in request and operation != "delete_user" and data.draw(st.booleans()):
        request["UserId"] = "u"
    for image in {"Image", "SourceImage", "TargetImage"} & request.keys():
        if data.draw(st.booleans()):
            request[image] = {"Bytes": _PORTRAIT}
    try:
        answer = parts.gate.call(operation, request, LOCAL)
    except ServiceError as error:
        assert error.status < 500  # noqa: PT017 - an answer is as good
    else:
        serialize(load_api(REKOGNITION).operations[operation].output, answer)


_PORTRAIT = scenes.jpeg(scenes.portrait("astronaut").resize((160, 160)))


def test_a_picture_path_of_the_server_is_never_opened(parts: Parts, tmp_path: Path) -> None:
    file = tmp_path / "x.jpg"
    file.write_bytes(_PORTRAIT)
    for name in (str(file), f"file://{file}", f"../../{file}"):
        image = {"S3Object": {"Bucket": "photos", "Name": name}}
        with pytest.raises(ServiceError, match="Unable to get object metadata"):
            parts.gate.call("detect_faces", {"Image": image}, LOCAL)
