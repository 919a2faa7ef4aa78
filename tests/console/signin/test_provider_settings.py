"""The file of an identity provider: what it takes, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.console.signin.oidc.provider_settings import Newcomers, read_provider
from regard.errors import RegardError

GOOD = 'issuer = "https://login.example.org"\nclient_id = "regard"\nname = "County"\n'


def test_a_file_says_who_the_provider_is_and_what_counts(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    file = tmp_path / "provider.toml"
    file.write_text(
        f'{GOOD}client_secret_file = "{secret}"\nscopes = ["email", "openid"]\nsecond_factor_acr = ["2"]\n'
        '[[newcomers]]\ndomain = "County.example"\nroles = ["reviewer"]\n'
    )
    read = read_provider(str(file), "")
    assert (read.issuer, read.client_id, read.client_secret) == (
        "https://login.example.org",
        "regard",
        "hunter2",
    )
    assert (read.scopes, read.acr, read.amr) == (("openid", "email"), ("2",), ())
    assert read.newcomers == (Newcomers("county.example", ("reviewer",)),)
    assert "hunter2" not in repr(read)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("issuer = ", "is not TOML"),
        ('issuer = "https://x"\nname = "County"', "'client_id'"),
        (GOOD.replace("https://login.example.org", "login.example.org"), "'issuer' must be a URL"),
        (GOOD.replace("County", "x" * 41), "40 characters"),
        (f'{GOOD}scopes = "email"', "'scopes' must be a list"),
        (f"{GOOD}sceopes = []", "no setting of a provider"),
        (f'{GOOD}client_secret_file = "/nowhere"', "can't be read"),
        (f'{GOOD}client_secret_file = "~nobody-of-that-name/x"', "can't be read"),
        (f'{GOOD}[[newcomers]]\ndomain = "x"\nroles = ["reviewer"]', "takes 'second_factor_acr'"),
        (
            f'{GOOD}second_factor_amr = ["mfa"]\n[[newcomers]]\ndomain = "x"\nroles = ["admin"]',
            "administrators",
        ),
        (f'{GOOD}second_factor_amr = ["mfa"]\n[[newcomers]]\ndomain = "x"\nroles = ["king"]', "king"),
        (f'{GOOD}second_factor_amr = ["mfa"]\nnewcomers = "everybody"', "a 'domain' and 'roles'"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "provider.toml"
    file.write_text(content)
    with pytest.raises(RegardError) as refused:
        read_provider(str(file), "")
    assert sentence in str(refused.value)


def test_a_secret_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "provider.toml"
    file.write_text(f'{GOOD}client_secret_file = "x"')
    with pytest.raises(RegardError, match="leave one out"):
        read_provider(str(file), "hunter2")
