"""An iPhone's picture on the page of a query: read where the extra is installed, within limits."""

from __future__ import annotations

import base64

import pytest

from regard.console.heif import is_heif, read_heif
from regard.console.probes import upright_picture
from regard.errors import ValidationException

pytest.importorskip("pi_heif", reason="pi-heif is not installed (extra `heic`)")

# 64 × 48 pixels, red on the left and blue on the right, to be turned by 90°; made by us, with a camera's name
# in it.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAAEAAAgAAAAACLAABAAAAAAAAADgAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADmaXBjbwAAAHZodmNDAQNwAAAA"
    "kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq"
    "5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xh"
    "cAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEA"
    "AQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAIBtZGF0AAAAPCgBr1jm9Oq//+J8//o2kh8eP/X/89vVftM/P+js"
    "laV9tHbBRIcPyrBEyKVv3GQGkTdV6NB8du1Vrys3oAAAAAZFeGlmAABNTQAqAAAACAACAQ8AAgAAAAcAAAAmARIAAwAAAAEABgAA"
    "AAAAAENhbWVyYQAA"
)


def test_it_is_read_upright_and_without_what_the_camera_wrote() -> None:
    assert is_heif(HEIC)
    picture = upright_picture(HEIC, "refused")
    assert (picture.size, picture.mode) == ((48, 64), "RGB")
    (red, _, blue), (red_below, _, blue_below) = picture.getpixel((24, 5)), picture.getpixel((24, 58))
    assert red > 150 > blue
    assert blue_below > 150 > red_below


@pytest.mark.parametrize("content", [HEIC[:100], HEIC[:-200], HEIC[:200] + bytes(400), HEIC[:12] + bytes(64)])
def test_a_damaged_one_is_refused(content: bytes) -> None:
    with pytest.raises(ValidationException, match="refused"):
        upright_picture(content, "refused")


def test_one_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(ValueError, match="too many pixels"):
        read_heif(HEIC, max_pixels=1000)
