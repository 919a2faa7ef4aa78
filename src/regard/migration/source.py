"""The source of a migration: an endpoint that speaks Rekognition, read through boto3 and never written to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from regard.errors import RegardError
from regard.migration.records import SourceCollection, SourceFace, SourceUser
from regard.vision.geometry import Box

_ATTEMPTS = 8  # of one call: what is throttled or fails for a moment is asked again, ever later
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_FACES_A_PAGE = 4096


class MigrationSource:
    """Lists what an endpoint has. All raise RegardError, one sentence, where it can't be read."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(cls, endpoint: str | None, region: str | None, profile: str | None) -> MigrationSource:
        """That of a URL, or AWS's own in a region; credentials as boto3 finds them, or of a profile."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            retries={"mode": "standard", "max_attempts": _ATTEMPTS},
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
        )
        try:
            session = boto3.Session(profile_name=profile, region_name=region)
            return cls(session.client("rekognition", endpoint_url=endpoint, config=config))
        except (BotoCoreError, ValueError) as error:
            raise RegardError(f"The source can't be opened: {error}") from error

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return str(self._client.meta.endpoint_url)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """One answer of the source."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**request)
        except ClientError as error:
            told = error.response["Error"]
            raise RegardError(
                f"The source refused {operation}: {told.get('Code')}: {told.get('Message')}"
            ) from error
        except BotoCoreError as error:
            raise RegardError(f"The source can't be read: {error}") from error
        return answer

    def listed(self, operation: str, member: str, **request: Any) -> Iterator[Any]:
        """What an operation lists, over all its pages."""
        token: Mapping[str, str] = {}
        while True:
            page = self.call(operation, **request, **token)
            yield from page.get(member, ())
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def collection(self, collection_id: str) -> SourceCollection:
        """A collection's description and tags."""
        facts = self.call("describe_collection", CollectionId=collection_id)
        arn = facts["CollectionARN"]
        tags = self.call("list_tags_for_resource", ResourceArn=arn).get("Tags", {})
        return SourceCollection(
            collection_id=collection_id,
            arn=arn,
            face_model_version=facts.get("FaceModelVersion", ""),
            face_count=facts.get("FaceCount", 0),
            user_count=facts.get("UserCount", 0),
            tags=tags,
        )

    def faces(self, collection_id: str) -> Iterator[SourceFace]:
        """The faces of a collection, in the order that the source lists them in."""
        request = {"CollectionId": collection_id, "MaxResults": _FACES_A_PAGE}
        for face in self.listed("list_faces", "Faces", **request):
            box = face["BoundingBox"]
            yield SourceFace(
                face_id=face["FaceId"],
                image_id=face["ImageId"],
                external_image_id=face.get("ExternalImageId", ""),
                box=Box(box["Left"], box["Top"], box["Width"], box["Height"]),
            )

    def users(self, collection_id: str) -> Iterator[SourceUser]:
        """The users of a collection with their faces."""
        for user in self.listed("list_users", "Users", CollectionId=collection_id):
            name = user["UserId"]
            held = self.listed("list_faces", "Faces", CollectionId=collection_id, UserId=name)
            yield SourceUser(name, tuple(face["FaceId"] for face in held))
