"""Every error that Regard raises on purpose.

`RegardError` is one sentence that says what is wrong and what to do; the CLI prints it and exits.
`ServiceError` is one that a client of the service sees: its class name is the AWS error code, its
docstring the default message, which is AWS's own wherever clients are known to match it.
"""

from __future__ import annotations


class RegardError(Exception):
    """Something is wrong that the person at the keyboard can mend."""


class ServiceError(RegardError):
    """An error with a place in the AWS JSON 1.1 protocol: a code, a message and an HTTP status."""

    status = 400

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def code(self) -> str:
        return type(self).__name__

    @property
    def message(self) -> str:
        return str(self.args[0])


def _size(size: int) -> str:
    return f"{size / 2**20:.4g} MB ({size} bytes)"


# --- The 23 exceptions that Rekognition's service model declares ------------------------------------------


class AccessDeniedException(ServiceError):
    """You are not authorized to perform the action."""


class ConflictException(ServiceError):
    """A User with the same Id already exists within the collection, or the update conflicts with it."""


class HumanLoopQuotaExceededException(ServiceError):
    """The number of in-progress human reviews you have has exceeded the number allowed."""


class IdempotentParameterMismatchException(ServiceError):
    """The ClientRequestToken you have supplied is already in use."""


class ImageTooLargeException(ServiceError):
    """Image size is too large."""

    @classmethod
    def of_bytes(cls, limit: int, in_bucket: int) -> ImageTooLargeException:
        """For an image in a request, which may have `limit` bytes; one in a bucket may have `in_bucket`."""
        where = "" if limit >= in_bucket else f" in a request, and {_size(in_bucket)} in a bucket"
        return cls(f"{cls.__doc__} It may have {_size(limit)}{where}.")


class InternalServerError(ServiceError):
    """Amazon Rekognition experienced a service issue. Try your call again."""

    status = 500


class InvalidImageFormatException(ServiceError):
    """Request has invalid image format"""


class InvalidManifestException(ServiceError):
    """The manifest file is empty or larger than the allowed limit."""


class InvalidPaginationTokenException(ServiceError):
    """Invalid Pagination Token"""


class InvalidParameterException(ServiceError):
    """Request has invalid parameters"""


class InvalidPolicyRevisionIdException(ServiceError):
    """The supplied revision id for the project policy is invalid."""


class InvalidS3ObjectException(ServiceError):
    """Unable to get object metadata from S3. Check object key, region and/or access permissions."""


class LimitExceededException(ServiceError):
    """A service limit was exceeded."""


class MalformedPolicyDocumentException(ServiceError):
    """The format of the project policy document is incorrect."""


class ProvisionedThroughputExceededException(ServiceError):
    """The number of requests exceeded your throughput limit."""


class ResourceAlreadyExistsException(ServiceError):
    """A resource with the specified ID already exists."""


class ResourceInUseException(ServiceError):
    """The specified resource is already being used."""


class ResourceNotFoundException(ServiceError):
    """The resource specified in the request cannot be found."""


class ResourceNotReadyException(ServiceError):
    """The requested resource isn't ready."""


class ServiceQuotaExceededException(ServiceError):
    """The size of the collection exceeds the allowed limit."""


class SessionNotFoundException(ServiceError):
    """The session with the given ID is not found."""


class ThrottlingException(ServiceError):
    """The service is temporarily unable to process the request. Try your call again."""


class VideoTooLargeException(ServiceError):
    """The file size or duration of the supplied media is too large."""


# --- What only the FailureDetails of a bulk analysis tell ---------------------------------------------------


class InvalidOutputConfigException(ServiceError):
    """The results can't be written where the OutputConfig says."""


class InvalidKmsKeyException(ServiceError):
    """The results can't be encrypted with the KmsKeyId."""


# --- The errors that every AWS JSON service shares ---------------------------------------------------------


class IncompleteSignatureException(ServiceError):
    """The request signature does not conform to AWS standards."""


class InvalidSignatureException(ServiceError):
    """The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."""  # noqa: E501 - AWS's sentence, matched by clients


class MissingAuthenticationTokenException(ServiceError):
    """Missing Authentication Token"""


class UnrecognizedClientException(ServiceError):
    """The security token included in the request is invalid."""


class SerializationException(ServiceError):
    """The request body is not valid JSON for this operation."""


class UnknownOperationException(ServiceError):
    """The X-Amz-Target header names no Rekognition operation."""


class ValidationException(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""


class RequestEntityTooLargeException(ServiceError):
    """The request body is larger than the service accepts."""

    status = 413


class NotImplementedException(ServiceError):
    """This operation is not built yet."""

    status = 501


class ServiceUnavailableException(ServiceError):
    """The service is starting or stopping. Try your call again."""

    status = 503
