"""Words for what the API enumerates, in English; they are said in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regard.console.languages import msgid
from regard.console.visit import PageVisit

PURPOSES: Final[Mapping[str, str]] = {
    "law-enforcement": msgid("Law enforcement"),
    "missing-person": msgid("Missing person"),
}
ATTESTED: Final[Mapping[str, str]] = {
    "NO_PROTECTED_TRAIT": msgid("Nobody is searched for because of what they are or believe."),
    "NO_LAWFUL_ASSEMBLY": msgid("Nobody is searched for because they assembled lawfully."),
    "NO_SKETCH": msgid("No picture that is searched with is drawn, composed or generated."),
    "EDITS_LISTED": msgid("Every edit of a picture that is searched with is listed."),
}
REVIEW_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "PENDING": (msgid("Waits for the first reviewer"), "wait"),
    "RATED_1": (msgid("Rated once, waits for another reviewer"), "wait"),
    "RATED_2": (msgid("Rated twice, waits for another reviewer"), "wait"),
    "RATED_3": (msgid("Rated three times, waits for another reviewer"), "wait"),
    "RATED_4": (msgid("Rated four times, waits for another reviewer"), "wait"),
    "DECIDED": (msgid("Decided"), "good"),
    "WITHDRAWN": (msgid("Withdrawn"), "plain"),
    "EXPIRED": (msgid("Expired before anybody decided"), "bad"),
    "NO_PICTURE": (msgid("No picture to compare"), "bad"),
}
"""Words and kind of a review's state."""
CANDIDATE_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "PENDING_REVIEW": (msgid("Waits for reviewers"), "wait"),
    "NO_PICTURE": (msgid("No picture to compare"), "bad"),
    "LEAD": (msgid("Lead"), "good"),
    "REJECTED": (msgid("Rejected: another person"), "plain"),
    "INCONCLUSIVE": (msgid("Inconclusive"), "plain"),
    "CONFIRMED": (msgid("Confirmed by evidence"), "good"),
    "DISPUTED": (msgid("Disputed"), "bad"),
    "WRONG": (msgid("Wrong: a false match"), "bad"),
    "UPHELD": (msgid("Upheld after a dispute"), "good"),
}
EVIDENCE_KINDS: Final[Mapping[str, str]] = {
    "WITNESS": msgid("Witness"),
    "STATEMENT": msgid("Statement"),
    "DOCUMENT": msgid("Document"),
    "RECORDING": msgid("Recording"),
    "LOCATION": msgid("Location"),
    "FORENSIC": msgid("Forensic trace"),
    "LINEUP": msgid("Line-up"),
    "OTHER": msgid("Other"),
}
AUTHORIZATION_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "REQUESTED": (msgid("Requested"), "wait"),
    "APPROVED": (msgid("Approved, begins later"), "wait"),
    "ACTIVE": (msgid("Active"), "good"),
    "EXIGENT": (msgid("Exigent: the authority must be asked"), "wait"),
    "AWAITING": (msgid("Exigent: the authority was asked"), "wait"),
    "EXPIRED": (msgid("Expired"), "plain"),
    "EXTENDED": (msgid("Extended by another"), "plain"),
    "REVOKED": (msgid("Revoked"), "bad"),
    "REJECTED": (msgid("Rejected"), "bad"),
    "LAPSED": (msgid("Lapsed"), "bad"),
}
GROUNDS: Final[Mapping[str, str]] = {
    "warrant": msgid("Warrant"),
    "court-order": msgid("Court order"),
    "administrative-authority": msgid("Administrative authority"),
    "exigency": msgid("Exigency: begins at once"),
    "first-identification": msgid("First identification of an unknown suspect"),
}
FACTS: Final[Mapping[str, str]] = {
    "UNKNOWN_SUSPECT": msgid("Nobody knows who the suspect is."),
    "FOOTAGE_OF_OFFENCE": msgid("The footage shows the offence."),
}
FEATURES: Final[Mapping[str, str]] = {
    "FACE_SHAPE": msgid("Shape of the face"),
    "HAIRLINE": msgid("Hairline"),
    "FOREHEAD": msgid("Forehead"),
    "BROWS": msgid("Eyebrows"),
    "EYES": msgid("Eyes"),
    "NOSE": msgid("Nose"),
    "CHEEKS": msgid("Cheeks"),
    "MOUTH": msgid("Mouth"),
    "CHIN": msgid("Chin and jaw"),
    "EARS": msgid("Ears"),
    "FACIAL_HAIR": msgid("Facial hair"),
    "LINES": msgid("Lines"),
    "SCARS_AND_MARKS": msgid("Scars and marks"),
}
RATINGS: Final[Mapping[str, str]] = {
    "-3": msgid("Surely another person"),
    "-2": msgid("Probably another person"),
    "-1": msgid("Rather another person"),
    "0": msgid("Can’t be told"),
    "1": msgid("Rather the same person"),
    "2": msgid("Probably the same person"),
    "3": msgid("Surely the same person"),
}
"""The seven ratings, by the values that PutRatings takes."""
OUTCOMES: Final[Mapping[str, str]] = {
    "UPHELD": msgid("The lead is upheld."),
    "WRONG": msgid("The lead was wrong: a false match."),
}
CONSEQUENCES: Final[Mapping[str, str]] = {
    "NONE": msgid("Nobody was stopped or arrested."),
    "STOP": msgid("Somebody was stopped."),
    "ARREST": msgid("Somebody was arrested."),
}
TOLD: Final[Mapping[str, str]] = {
    "PERSON": msgid("the person"),
    "DEFENCE": msgid("the defence"),
    "PROSECUTION": msgid("the prosecution"),
    "COURT": msgid("the court"),
    "SUPERVISOR": msgid("the supervisor"),
    "PUBLIC": msgid("the public"),
}
"""Who was told that a lead was wrong."""

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
STREAM_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "STOPPED": (msgid("Stopped"), "plain"),
    "STARTING": (msgid("Starting"), "wait"),
    "RUNNING": (msgid("Running"), "good"),
    "FAILED": (msgid("Failed"), "bad"),
    "STOPPING": (msgid("Stopping"), "wait"),
    "UPDATING": (msgid("Changing"), "wait"),
}
SOURCE_STATES: Final[Mapping[str, str]] = {
    "CONNECTING": msgid("Connecting to the camera"),
    "PLAYING": msgid("Pictures arrive"),
    "WAITING": msgid("No picture; it is tried again"),
    "ENDED": msgid("The source has ended"),
    "REFUSED": msgid("The camera refuses"),
}
STREAM_EVENTS: Final[Mapping[str, str]] = {
    "FACE_MATCHED": msgid("Somebody resembles a face that is searched"),
    "LABEL_DETECTED": msgid("Something was seen"),
    "SOURCE_LOST": msgid("No picture from the camera any more"),
    "SOURCE_BACK": msgid("Pictures arrive again"),
    "STREAM_PROCESSING_COMPLETE": msgid("The session has ended"),
    "INTERRUPTED": msgid("Another worker went on"),
}


def choices(visit: PageVisit, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Values and their words in the visitor's language, for a field to choose from."""
    return [(value, visit.say(word)) for value, word in words.items()]
