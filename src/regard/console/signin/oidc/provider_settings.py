"""The file REGARD_OIDC, which says who the identity provider is and what of it counts."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from regard.errors import RegardError
from regard.governance.permissions import check_roles

_TEXTS: Final = ("issuer", "client_id", "client_secret_file", "name")
_LISTS: Final = ("scopes", "second_factor_acr", "second_factor_amr")
_NEEDED: Final = ("issuer", "client_id", "name")
_NAME_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Who is made a person by signing in: whoever the provider says has an address at this domain, checked by
    it.
    """

    domain: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One identity provider. `name` is what people call it. Without `client_secret` PKCE alone protects the
    code.

    A second factor was shown there where the token has one of `acr`, or one of `amr` among its own.
    """

    issuer: str
    client_id: str
    name: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("openid",)
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    newcomers: tuple[Newcomers, ...] = ()

    @property
    def has_second_factor(self) -> bool:
        """Whether the provider can say that somebody has shown a second factor."""
        return bool(self.acr or self.amr)


def read_provider(file: str, secret: str) -> ProviderSettings:
    """The provider of a TOML file; `secret` is REGARD_OIDC_SECRET, "" where the file names another file or
    there is none. Raises RegardError, which never holds a secret.
    """
    content = _read(file)
    unknown = sorted(content.keys() - {*_TEXTS, *_LISTS, "newcomers"})
    if unknown:
        raise RegardError(f"REGARD_OIDC has {unknown[0][:40]!r} in it, which is no setting of a provider.")
    for key in _TEXTS:
        if not isinstance(content.get(key, ""), str) or (key in _NEEDED and not content.get(key)):
            raise RegardError(f"REGARD_OIDC must have {key!r}, a text.")
    for key in _LISTS:
        if not _is_texts(content.get(key, [])):
            raise RegardError(f"In REGARD_OIDC {key!r} must be a list of texts.")
    if not _is_issuer(content["issuer"]):
        raise RegardError("In REGARD_OIDC 'issuer' must be a URL as the provider writes it, without ? and #.")
    if len(content["name"]) > _NAME_CHARACTERS:
        raise RegardError(f"In REGARD_OIDC 'name' has {_NAME_CHARACTERS} characters at most.")
    made = ProviderSettings(
        issuer=content["issuer"],
        client_id=content["client_id"],
        name=content["name"],
        client_secret=_secret(content.get("client_secret_file"), secret),
        scopes=tuple(dict.fromkeys(("openid", *content.get("scopes", ())))),
        acr=tuple(content.get("second_factor_acr", ())),
        amr=tuple(content.get("second_factor_amr", ())),
        newcomers=_newcomers(content.get("newcomers", [])),
    )
    if made.newcomers and not made.has_second_factor:
        raise RegardError(
            "In REGARD_OIDC 'newcomers' takes 'second_factor_acr' or 'second_factor_amr': who was never "
            "invited has no second factor here."
        )
    return made


def _read(file: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(Path(file).read_text("utf-8"))
    except OSError as error:
        raise RegardError(
            f"The file REGARD_OIDC can't be read ({error.strerror}); check its path."
        ) from error
    except ValueError as error:
        raise RegardError("The file of REGARD_OIDC is not TOML; check how it is written.") from error


def _secret(file: str | None, secret: str) -> str | None:
    if file is None:
        return secret or None
    if secret:
        raise RegardError("REGARD_OIDC_SECRET and 'client_secret_file' both say a secret; leave one out.")
    try:
        read = Path(os.path.expanduser(file)).read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise RegardError("The file 'client_secret_file' can't be read; check its path.") from error
    if not read:
        raise RegardError("The file 'client_secret_file' is empty.")
    return read


def _newcomers(told: Any) -> tuple[Newcomers, ...]:
    made = []
    for one in told if isinstance(told, list) else [None]:
        domain, roles = (one.get("domain"), one.get("roles")) if isinstance(one, dict) else (None, None)
        if not isinstance(domain, str) or not domain or "@" in domain or not roles or not _is_texts(roles):
            raise RegardError("In REGARD_OIDC each of 'newcomers' must have a 'domain' and 'roles'.")
        check_roles(roles)
        if "admin" in roles:
            raise RegardError("In REGARD_OIDC 'newcomers' can't be administrators; invite each of those.")
        made.append(Newcomers(domain.lower(), tuple(roles)))
    return tuple(made)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _is_issuer(text: str) -> bool:
    try:
        url = urlsplit(text)
        return url.scheme in ("https", "http") and bool(url.hostname) and not {"?", "#", "@"} & set(text)
    except ValueError:
        return False
