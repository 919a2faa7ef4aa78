"""What values of the API are called on pages: texts that are said in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regard.console.languages import msgid

COVERS: Final[Mapping[str, str]] = {
    "FACE_SEARCH": msgid("Faces are compared with a list of people"),
    "ATTRIBUTES": msgid("Emotions, age and gender are estimated"),
    "LABELS": msgid("People, animals and packages are searched for"),
}
FEEDBACK_KINDS: Final[Mapping[str, str]] = {
    "ACCESS": msgid("I want to know what is kept about me"),
    "ERASURE": msgid("I want my face to be erased"),
    "OBJECTION": msgid("I object to my face being processed"),
    "CORRECTION": msgid("Something that is kept about me is wrong"),
    "MISTAKE": msgid("I was taken for somebody else"),
    "COMPLAINT": msgid("I complain of something else"),
}
FEEDBACK_STATES: Final[Mapping[str, str]] = {
    "RECEIVED": msgid("Received"),
    "IDENTIFIED": msgid("In work: it is known who asks"),
    "UNIDENTIFIED": msgid("In work: it is not known who asks"),
    "GRANTED": msgid("Granted"),
    "PARTLY": msgid("Granted in part"),
    "REFUSED": msgid("Refused"),
}
ERASURE_CAUSES: Final[Mapping[str, str]] = {
    "REQUESTED": msgid("Somebody asked for it"),
    "CONSENT_ENDED": msgid("The consent ended"),
    "RETENTION": msgid("The time was over for which faces are kept"),
    "DELETED": msgid("The faces, the user or the collection were deleted"),
}
