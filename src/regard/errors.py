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
    remedy = ""  # what a caller does about it, in docs/errors.md

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

    remedy = (
        "Read the sentence: it names the action and the resource that the key's role or policy lacks, "
        "or the rule of the purpose. Another key, another policy (`regard keys create`), or what the "
        "sentence asks for: a case, a session, a training."
    )


class ConflictException(ServiceError):
    """A User with the same Id already exists within the collection, or the update conflicts with it."""

    remedy = "Another request has made or changed it meanwhile. Read how it is now, and decide again."


class HumanLoopQuotaExceededException(ServiceError):
    """The number of in-progress human reviews you have has exceeded the number allowed."""

    remedy = "Nothing: Regard sets no such quota."


class IdempotentParameterMismatchException(ServiceError):
    """The ClientRequestToken you have supplied is already in use."""

    remedy = "A `ClientRequestToken` names one request. Take a new token for another."


class ImageTooLargeException(ServiceError):
    """Image size is too large."""

    remedy = (
        "Make the picture smaller, or put it into a bucket, where it may be larger; the sentence has "
        "both limits."
    )

    @classmethod
    def of_bytes(cls, limit: int, in_bucket: int) -> ImageTooLargeException:
        """For an image in a request, which may have `limit` bytes; one in a bucket may have `in_bucket`."""
        where = "" if limit >= in_bucket else f" in a request, and {_size(in_bucket)} in a bucket"
        return cls(f"{cls.__doc__} It may have {_size(limit)}{where}.")


class InternalServerError(ServiceError):
    """Amazon Rekognition experienced a service issue. Try your call again."""

    status = 500
    remedy = (
        "Try again later; the SDKs do. If it stays: the sentence says whether the database, the disk "
        "or an index is away, and the server's log, under the request's id, has the reason."
    )


class InvalidImageFormatException(ServiceError):
    """Request has invalid image format"""

    remedy = (
        "Send a whole JPEG or PNG. A file that other programs open may still be cut off or be of "
        "another format than its name says."
    )


class InvalidManifestException(ServiceError):
    """The manifest file is empty or larger than the allowed limit."""

    remedy = "`regard custom check FILE` names every fault with its line."


class InvalidPaginationTokenException(ServiceError):
    """Invalid Pagination Token"""

    remedy = (
        "Pass `NextToken` as it was given, to the same operation with the same parameters; begin the "
        "listing anew when it has expired."
    )


class InvalidParameterException(ServiceError):
    """Request has invalid parameters"""

    remedy = (
        "Change the request as the sentence says. Under a strict purpose it says, too, which "
        "threshold is the minimum."
    )


class InvalidPolicyRevisionIdException(ServiceError):
    """The supplied revision id for the project policy is invalid."""

    remedy = "Read the policy's present revision (ListProjectPolicies) and name that."


class InvalidS3ObjectException(ServiceError):
    """Unable to get object metadata from S3. Check object key, region and/or access permissions."""

    remedy = (
        "Check bucket and key. The bucket must be one of `--bucket NAME=FOLDER`, or "
        "`REGARD_S3_ENDPOINT` must be set, with credentials that may read it."
    )


class LimitExceededException(ServiceError):
    """A service limit was exceeded."""

    remedy = (
        "Wait until jobs, trainings or streams that are under way have ended, or raise the setting "
        "that the sentence or [settings](settings.md) name."
    )


class MalformedPolicyDocumentException(ServiceError):
    """The format of the project policy document is incorrect."""

    remedy = (
        "Mend the document: only Effect, Principal, Action and Resource are kept to, and what isn't "
        "is refused."
    )


class ProvisionedThroughputExceededException(ServiceError):
    """The number of requests exceeded your throughput limit."""

    remedy = "Ask more slowly, or start the version with more inference units."


class ResourceAlreadyExistsException(ServiceError):
    """A resource with the specified ID already exists."""

    remedy = "Take another name, or use what is there."


class ResourceInUseException(ServiceError):
    """The specified resource is already being used."""

    remedy = "Stop or delete first what uses it; the sentence says what."


class ResourceNotFoundException(ServiceError):
    """The resource specified in the request cannot be found."""

    remedy = "Check the id. It may be of another installation, have expired, or have been erased."


class ResourceNotReadyException(ServiceError):
    """The requested resource isn't ready."""

    remedy = (
        "The sentence says what is missing: a version that doesn't run yet, or a model pack that "
        "isn't installed or is damaged (`regard models verify`)."
    )


class ServiceQuotaExceededException(ServiceError):
    """The size of the collection exceeds the allowed limit."""

    remedy = (
        "A collection, a user or a month's quota is full. Raise the setting or the quota (`regard "
        "usage quota`), or delete what isn't needed."
    )


class SessionNotFoundException(ServiceError):
    """The session with the given ID is not found."""

    remedy = "A liveness session lives for three minutes and is good once. Create another."


class ThrottlingException(ServiceError):
    """The service is temporarily unable to process the request. Try your call again."""

    remedy = (
        "Ask more slowly; the SDKs wait and try again. Of a server that is often busy raise "
        "`REGARD_WORKERS`, or add a second one."
    )


class VideoTooLargeException(ServiceError):
    """The file size or duration of the supplied media is too large."""

    remedy = "Cut the film, or raise `REGARD_VIDEO_BYTES` or `REGARD_VIDEO_MINUTES`."


# --- What only the FailureDetails of a bulk analysis tell ---------------------------------------------------


class InvalidOutputConfigException(ServiceError):
    """The results can't be written where the OutputConfig says."""


class InvalidKmsKeyException(ServiceError):
    """The results can't be encrypted with the KmsKeyId."""


# --- The errors that every AWS JSON service shares ---------------------------------------------------------


class IncompleteSignatureException(ServiceError):
    """The request signature does not conform to AWS standards."""

    remedy = "Let an AWS SDK sign the request."


class InvalidSignatureException(ServiceError):
    """The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."""  # noqa: E501 - AWS's sentence, matched by clients

    remedy = (
        "Check the secret, that the clock is right to within five minutes (`REGARD_CLOCK_SKEW`), and "
        "that no proxy changes `Host` or the path."
    )


class MissingAuthenticationTokenException(ServiceError):
    """Missing Authentication Token"""

    remedy = "Sign the request: give the SDK credentials, for example by `AWS_SHARED_CREDENTIALS_FILE`."


class UnrecognizedClientException(ServiceError):
    """The security token included in the request is invalid."""

    remedy = (
        "No such access key here, or it is suspended: `regard keys list`. Keys of AWS are none of Regard's."
    )


class SerializationException(ServiceError):
    """The request body is not valid JSON for this operation."""

    remedy = "The sentence names the member whose type is wrong. An SDK of AWS checks that before it sends."


class UnknownOperationException(ServiceError):
    """The X-Amz-Target header names no Rekognition operation."""

    remedy = "Update Regard, if the SDK is newer; otherwise check the address."


class ValidationException(ServiceError):
    """The input fails to satisfy the constraints specified by the service."""

    remedy = "The sentence names each member that breaks a constraint, and which."


class RequestEntityTooLargeException(ServiceError):
    """The request body is larger than the service accepts."""

    status = 413
    remedy = "Put the picture into a bucket and name it there."


class NotImplementedException(ServiceError):
    """This operation is not built yet."""

    status = 501
    remedy = "Nothing: every operation of this version is built."


class ServiceUnavailableException(ServiceError):
    """The service is starting or stopping. Try your call again."""

    status = 503
    remedy = "Try again; the server is starting or stopping."
