"""Where stream processors read from and write to, as requests name it, held to what the settings allow."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from regard.context import Context
from regard.errors import InvalidParameterException, RegardError
from regard.notifications.channel import check_channel
from regard.settings import Settings
from regard.video.live.address import SourceAddress, SourceKind
from regard.video.live.folders import AllowedFolders
from regard.video.live.networks import AllowedNetworks, SourceRefused
from regard.video.live.trust import SourceTrust

_FILES: Final = "is not below a folder of REGARD_STREAM_FOLDERS"


def check_networks(settings: Settings) -> None:
    """Raises RegardError where REGARD_SOURCES names no networks, or REGARD_SOURCE_CERTIFICATES no
    certificates: before anybody's request fails by it.
    """
    try:
        AllowedNetworks.parse(settings.sources)
    except ValueError as error:
        raise RegardError(f"REGARD_SOURCES {error}") from error
    try:
        SourceTrust.parse(settings.source_certificates)
    except ValueError as error:
        raise RegardError(f"REGARD_SOURCE_CERTIFICATES {error}") from error


def check_source(settings: Settings, text: str) -> SourceAddress:
    """The address of a live source, which may be read. Its host is looked up.

    Raises InvalidParameterException, whose message never holds a user or a password.
    """
    try:
        address = SourceAddress.parse(text)
    except ValueError as error:
        raise _invalid(str(error)) from None  # the text may hold a password
    if address.kind is SourceKind.KINESIS and settings.kinesis_video_endpoint is None:
        raise _invalid(
            "This server has no Kinesis Video; set REGARD_KINESIS_VIDEO_ENDPOINT, or give the camera's URL "
            "in place of the stream."
        )
    if address.kind is SourceKind.FILE and not AllowedFolders.parse(settings.stream_folders).contain(
        address.path
    ):
        raise _invalid(f"The file {_FILES}.")
    if address.host:
        try:
            AllowedNetworks.parse(settings.sources).check(address.host, address.port)
        except SourceRefused as refused:
            raise _invalid(f"The source can't be used. {refused}") from None
    return address


def check_output(ctx: Context, text: str) -> None:
    """Raises InvalidParameterException for a place where no record of a stream could be put."""
    settings = ctx.settings
    if text.startswith("arn:"):
        if settings.kinesis_endpoint is None:
            raise _invalid(
                "This server has no Kinesis; set REGARD_KINESIS_ENDPOINT, or give a URL in its place."
            )
    elif text.startswith("file://"):
        file = output_file(text)
        folders = AllowedFolders.parse(settings.stream_folders)
        if file is None or not folders.contain(file) or not file.parent.is_dir():
            raise _invalid(f"Records go to a file:///FOLDER/NAME.jsonl, and this one {_FILES}, or is none.")
    else:
        check_channel(text, settings, ctx.caller.key_id, member="output")


def output_file(text: str) -> Path | None:
    """The file that a file:/// URL of records names; None for a URL that names none."""
    try:
        address = SourceAddress.parse(text)
    except ValueError:
        return None
    is_file = address.kind is SourceKind.FILE and not address.loops and address.path.endswith(".jsonl")
    return Path(address.path) if is_file else None


def _invalid(sentence: str) -> InvalidParameterException:
    return InvalidParameterException(f"Request has invalid parameters: {sentence}")
