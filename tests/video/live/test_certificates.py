"""The certificate of a source is checked, by whom this machine and the settings trust, or its URL says no."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.video.live.samples import SourceWord
from regard.video.live.trust import SourceTrust
from tests.video.drawn import scene
from tests.video.live.cameras import Cable, Site, mjpeg, reader, rtsp_server, sample, state
from tests.video.live.certificates import make_certificate, serving, trusting


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path)


def test_a_certificate_that_nobody_trusts_is_a_sentence_and_no_picture(
    films: Path, certificate: Path
) -> None:
    with (
        rtsp_server(films) as port,
        Cable(port, serving(certificate)) as cable,
        reader(f"rtsps://127.0.0.1:{cable.port}/door.mp4") as live,
    ):
        waiting = state(live, lambda one: one.word is SourceWord.WAITING)
    assert waiting.why is not None
    assert waiting.why.startswith("Its certificate is not one that this machine trusts")
    assert waiting.last_picture is None


def test_a_certificate_that_the_settings_name_is_trusted_for_its_name(films: Path, certificate: Path) -> None:
    with rtsp_server(films) as port, Cable(port, serving(certificate)) as cable:
        trust = trusting(certificate)
        with reader(f"rtsps://127.0.0.1:{cable.port}/door.mp4", trust=trust) as live:
            assert sample(live).at < sample(live).at
        with reader(f"rtsps://localhost:{cable.port}/door.mp4", trust=trust) as live:
            waiting = state(live, lambda one: one.word is SourceWord.WAITING)
    assert waiting.why is not None
    assert waiting.why.startswith("Its certificate")


@pytest.mark.slow
def test_a_url_that_says_so_is_read_whoever_made_the_certificate(films: Path, certificate: Path) -> None:
    with (
        rtsp_server(films) as port,
        Cable(port, serving(certificate)) as cable,
        reader(f"rtsps://localhost:{cable.port}/door.mp4?tls=insecure") as live,
    ):
        assert sample(live).at < sample(live).at


def test_https_is_checked_as_rtsps_is(certificate: Path) -> None:
    with Site() as site, Cable(site.port, serving(certificate)) as cable:
        site.pages["/video"] = mjpeg([scene(1)], 5)
        with reader(f"https://127.0.0.1:{cable.port}/video") as live:
            waiting = state(live, lambda one: one.word is SourceWord.WAITING)
        with reader(f"https://127.0.0.1:{cable.port}/video", trust=trusting(certificate)) as live:
            sample(live)
        with reader(f"https://localhost:{cable.port}/video?tls=insecure") as live:
            sample(live)
    assert waiting.why is not None
    assert waiting.why.startswith("Its certificate")


def test_a_file_that_holds_no_certificates_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    for name in ("none.pem", "nowhere.pem"):
        with pytest.raises(ValueError, match="must be a file of certificates"):
            SourceTrust.parse(str(tmp_path / name))
