"""Which hosts a source may be on."""

from __future__ import annotations

import pytest

from regard.video.live.networks import AllowedNetworks, SourceRefused


def _is_allowed(setting: str, address: str, host: str = "cam.example.org") -> bool:
    try:
        AllowedNetworks.parse(setting).check(host, 554, resolve=lambda *_: [address])
    except SourceRefused:
        return False
    return True


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "fd00::9", "100.64.0.1"])
def test_this_machine_and_private_networks_are_the_default(address: str) -> None:
    assert _is_allowed("private", address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_internet_is_allowed_to_whoever_says_so(address: str) -> None:
    assert not _is_allowed("private", address)
    assert _is_allowed("any", address)


_NEVER = (
    "169.254.169.254 fe80::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe fd00:ec2::254 100.100.100.200 "
    "168.63.129.16 0.0.0.0 :: 224.0.0.1 255.255.255.255"
)


@pytest.mark.parametrize("address", _NEVER.split())
def test_metadata_services_and_what_is_no_machine_are_never_reached(address: str) -> None:
    assert not _is_allowed("any", address)
    assert not _is_allowed(f"{address},cam.example.org", address)


def test_a_list_allows_its_hosts_and_networks_alone() -> None:
    setting = "cam.example.org, *.cams.example.org, 10.1.0.0/16"
    assert _is_allowed(setting, "8.8.8.8", "CAM.example.org.")
    assert _is_allowed(setting, "8.8.8.8", "door.cams.example.org")
    assert _is_allowed(setting, "10.1.2.3", "other")
    assert not _is_allowed(setting, "10.2.2.3", "other")
    assert not _is_allowed(setting, "8.8.8.8", "evilcam.example.org")


def test_of_a_names_addresses_only_those_that_are_allowed_are_given() -> None:
    """camera.local often has a link-local one too."""
    found = ["fe80::1", "10.0.0.9", "8.8.8.8", "fd00::9"]
    assert AllowedNetworks.parse("private").check("camera.local", 554, resolve=lambda *_: found) == (
        "10.0.0.9",
        "fd00::9",
    )
    with pytest.raises(SourceRefused, match="REGARD_SOURCES"):
        AllowedNetworks.parse("private").check("cam", 554, resolve=lambda *_: ["8.8.8.8"])


def test_the_addresses_that_were_checked_are_given() -> None:
    assert AllowedNetworks.parse("private").check("127.0.0.1", 554) == ("127.0.0.1",)


def test_a_host_that_nobody_knows_is_a_sentence() -> None:
    with pytest.raises(SourceRefused, match="not known"):
        AllowedNetworks.parse("any").check("no-such-host.invalid", 554)


@pytest.mark.parametrize("setting", ["http://cam", "10.0.0.0/99", "cam/24", "10.0.0", "a b"])
def test_a_setting_that_is_no_list_of_hosts_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="is none"):
        AllowedNetworks.parse(f"private,{setting}")
