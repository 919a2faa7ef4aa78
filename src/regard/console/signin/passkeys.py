"""Passkeys, by WebAuthn: what a person's authenticator signs, who has which, and how they are added.

A passkey names its person itself, and its authenticator has to know them by a finger, a face or a PIN.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from regard.caller import Person
from regard.console.languages import msgid
from regard.console.signin.challenges import Ceremony, Challenges, PasskeyChallenge
from regard.console.signin.places import PasskeyPlace
from regard.errors import AccessDeniedException, ConflictException, InvalidParameterException
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import passkeys

MAX_PASSKEYS: Final = 20
_NAME_CHARACTERS: Final = 64
_SERVICE: Final = "Regard"
_HANDLE_BYTES: Final = 32
_TIMEOUT: Final = 5 * 60_000  # milliseconds: who looks for a security key needs a while
_RESPONSE_CHARACTERS: Final = 32_768
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+=*")
# What the library raises for bytes that no authenticator has made, beside its own errors.
_MALFORMED: Final = (
    WebAuthnException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    EOFError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of somebody. Times are milliseconds since the epoch; `used` is None where it never was."""

    credential_id: str
    name: str
    added: int
    used: int | None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was made and checked, and is nobody's yet."""

    credential_id: str
    handle: str
    public_key: bytes
    sign_count: int
    domain: str


class Passkeys:
    """The passkeys of one database."""

    def __init__(self, database: Database, challenges: Challenges) -> None:
        self._database = database
        self._challenges = challenges

    def creation_options(
        self, place: PasskeyPlace, name: str, whom: str, person_id: str | None
    ) -> dict[str, Any]:
        """What the browser needs to make a passkey, as `parseCreationOptionsFromJSON` of browsers reads it.

        `name` is the person's; `whom` is who has to answer, as `PasskeyChallenge` has it.
        """
        rows = [] if person_id is None else self._rows(person_id)
        handle = rows[0].handle if rows else bytes_to_base64url(secrets.token_bytes(_HANDLE_BYTES))
        options = generate_registration_options(
            rp_id=place.domain,
            rp_name=_SERVICE,
            user_name=name,
            user_id=base64url_to_bytes(handle),
            challenge=self._challenges.make(PasskeyChallenge(Ceremony.NEW, whom, handle)),
            timeout=_TIMEOUT,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(base64url_to_bytes(row.credential_id)) for row in rows
            ],
        )
        return options_to_json_dict(options)

    def check_new(self, place: PasskeyPlace, response: str, whom: str) -> NewPasskey:
        """The passkey that a browser has made. Raises AccessDeniedException for what doesn't verify."""
        parsed = _parsed(response)
        answered = _answered(parsed)
        challenge = self._challenges.take(answered, Ceremony.NEW, whom)
        try:
            verified = verify_registration_response(
                credential=dict(parsed),
                expected_challenge=answered,
                expected_rp_id=place.domain,
                expected_origin=place.origin,
                require_user_verification=True,
            )
        except _MALFORMED as error:
            raise _unverified() from error
        return NewPasskey(
            bytes_to_base64url(verified.credential_id),
            challenge.handle,
            verified.credential_public_key,
            verified.sign_count,
            place.domain,
        )

    def add(self, person: Person, new: NewPasskey, name: str) -> None:
        """Gives somebody a passkey, under a name that they know it by.

        Raises ConflictException for one that somebody has, or more than `MAX_PASSKEYS`, and
        InvalidParameterException for a name that is too long.
        """
        if len(name) > _NAME_CHARACTERS:
            raise InvalidParameterException(msgid("A passkey's name has 64 characters at most."))
        if len(self._rows(person.person_id)) >= MAX_PASSKEYS:
            raise ConflictException(msgid("There are 20 passkeys already; remove one first."))
        values = {
            "credential_id": new.credential_id,
            "person_id": person.person_id,
            "handle": new.handle,
            "public_key": new.public_key,
            "sign_count": new.sign_count,
            "domain": new.domain,
            "name": name or "Passkey",
            "added": milliseconds(),
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(passkeys).values(values))
        except IntegrityError as error:
            raise ConflictException(msgid("This passkey is known already.")) from error

    def request_options(self, place: PasskeyPlace, person_id: str | None = None) -> dict[str, Any]:
        """What the browser needs to have a passkey sign: anybody's, or one of `person_id`'s."""
        rows = [] if person_id is None else self._rows(person_id)
        options = generate_authentication_options(
            rp_id=place.domain,
            challenge=self._challenges.make(PasskeyChallenge(Ceremony.SIGN_IN, person_id or "", "")),
            timeout=_TIMEOUT,
            allow_credentials=[
                PublicKeyCredentialDescriptor(base64url_to_bytes(row.credential_id)) for row in rows
            ],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json_dict(options)

    def check(self, place: PasskeyPlace, response: str, person_id: str | None = None) -> str:
        """The id of the person whose passkey has signed; `person_id` is who alone may.

        Raises AccessDeniedException for what doesn't verify, and for a passkey that signs with an older count
        than it did before, as a copy of it would.
        """
        parsed = _parsed(response)
        answered = _answered(parsed)
        self._challenges.take(answered, Ceremony.SIGN_IN, person_id or "")
        query = select(passkeys).where(passkeys.c.credential_id == _id_of(parsed))
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None or person_id not in (None, row.person_id) or not _is_of(parsed, row.handle):
            raise _unverified()
        try:
            verified = verify_authentication_response(
                credential=dict(parsed),
                expected_challenge=answered,
                expected_rp_id=place.domain,
                expected_origin=place.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except _MALFORMED as error:
            raise _unverified() from error
        self._note_use(row.credential_id, row.sign_count, verified.new_sign_count)
        return str(row.person_id)

    def has(self, place: PasskeyPlace, person_id: str | None = None) -> bool:
        """Whether somebody, or this person, has a passkey that is good there. Those of before it was noted
        may be.
        """
        of_whom = () if person_id is None else (passkeys.c.person_id == person_id,)
        is_there = or_(passkeys.c.domain == place.domain, passkeys.c.domain.is_(None))
        with self._database.read() as connection:
            return bool(connection.execute(select(exists().where(is_there, *of_whom))).scalar_one())

    def of(self, person_id: str) -> list[Passkey]:
        """Somebody's passkeys, the oldest first."""
        return [Passkey(row.credential_id, row.name, row.added, row.used) for row in self._rows(person_id)]

    def remove(self, person_id: str, credential_id: str) -> bool:
        """Forgets a passkey of somebody. False where they have no such one."""
        theirs = (passkeys.c.person_id == person_id, passkeys.c.credential_id == credential_id)
        with self._database.write() as connection:
            return connection.execute(passkeys.delete().where(*theirs)).rowcount == 1

    def _rows(self, person_id: str) -> list[Any]:
        query = (
            select(passkeys)
            .where(passkeys.c.person_id == person_id)
            .order_by(passkeys.c.added, passkeys.c.credential_id)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).all())

    def _note_use(self, credential_id: str, before: int, count: int) -> None:
        """Raises AccessDeniedException where the passkey has signed for another request meanwhile."""
        unchanged = (passkeys.c.credential_id == credential_id, passkeys.c.sign_count == before)
        with self._database.write() as connection:
            noted = connection.execute(
                update(passkeys).where(*unchanged).values(sign_count=count, used=milliseconds())
            ).rowcount
        if not noted:
            raise _unverified()


def _parsed(response: str) -> Mapping[str, Any]:
    """A credential as `PublicKeyCredential.toJSON` writes it."""
    try:
        parsed = json.loads(response) if len(response) <= _RESPONSE_CHARACTERS else None
    except (ValueError, RecursionError) as error:
        raise _unverified() from error
    if not isinstance(parsed, dict):
        raise _unverified()
    return parsed


def _answered(parsed: Mapping[str, Any]) -> bytes:
    """The challenge that was answered, as the browser says."""
    try:
        client_data = json.loads(base64url_to_bytes(parsed["response"]["clientDataJSON"]))
        return base64url_to_bytes(client_data["challenge"])
    except _MALFORMED as error:
        raise _unverified() from error


def _id_of(parsed: Mapping[str, Any]) -> str:
    """Which passkey it is, as the browser says. Raises AccessDeniedException for what is no base64url."""
    told = parsed.get("id")
    if not isinstance(told, str) or not _BASE64URL.fullmatch(told):
        raise _unverified()
    return told


def _is_of(parsed: Mapping[str, Any], handle: str) -> bool:
    """Whether the passkey names the account that it was made for, where it names one."""
    told = parsed["response"].get("userHandle")
    if told is None:
        return True
    return hmac.compare_digest(str(told).rstrip("=").encode(errors="replace"), handle.encode())


def _unverified() -> AccessDeniedException:
    return AccessDeniedException(msgid("This passkey is not known here, or what it signed doesn't verify."))
