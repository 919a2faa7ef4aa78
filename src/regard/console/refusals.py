"""What operations answer when they refuse, for people to read in their language.

An operation's sentence holds values, so that it is found by its template. One that has none here stays
English, as every sentence does that a program gets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from regard.console.languages import Texts, msgid

_VALUE: Final = re.compile(r"%\((\w+)\)s")

TEMPLATES: Final = (
    # whoever calls
    msgid("Under the purpose %(purpose)s nobody is recognized as a celebrity."),
    msgid("Under the purpose %(purpose)s somebody answers for each request; call with a person's key."),
    msgid("Under the purpose %(purpose)s it takes the role %(needed)s to %(act)s; this key's is %(role)s."),
    msgid("%(person)s has no valid training to search; have one recorded (`regard people train`)."),
    msgid("%(person)s has no valid training to review; have one recorded (`regard people train`)."),
    msgid("This key is for the case %(case)s alone."),
    msgid("Under the purpose %(purpose)s a search names its case; send its id in x-regard-case."),
    msgid("There is no case %(case)s that %(person)s works on."),
    msgid("That search was not made on the case %(case)s."),
    msgid("The case %(case)s is closed; open another one."),
    msgid("The case %(case)s is for the purpose %(purpose)s, and this is for %(other)s."),
    msgid("The clock of this machine is behind the newest record of the audit log; set it right."),
    msgid("This takes a person: call with a key that is somebody's, or a session."),
    msgid("This takes a person: call with a key that is somebody's."),
    msgid(
        "This takes the person, not a key alone: open a session with a code of the second factor, and send "
        "its token in x-regard-session."
    ),
    msgid("The session's code is older than %(minutes)s minutes; open another session with a new code."),
    msgid("This server answers nothing without a signature."),
    msgid("An address may ask %(number)s times a minute without a signature. Try again later."),
    # people
    msgid("A person's name has 1 to 64 letters, digits and + = , . @ _ - in it; %(name)s does not."),
    msgid("%(name)s is what people's ids are like; choose a name that is no id."),
    msgid("There is no person %(person)s; `regard people list` shows them."),
    msgid("There is a person named %(name)s already; choose another name."),
    # cases
    msgid("There is no case %(case)s that you work on."),
    msgid("The case %(case)s is closed already."),
    msgid("The case %(case)s is closed; nothing of it is urgent."),
    msgid("A key for a case makes no other; ask for one with a key of your own."),
    msgid("%(person)s is %(roles)s; the members of a case are investigators."),
    msgid("A case is for the purpose law-enforcement or missing-person, not %(purpose)s."),
    msgid("Whoever opens a case attests %(facts)s; %(missing)s is missing."),
    msgid("A case of law enforcement names the Offence that it is about."),
    msgid("The rules here allow no search for that Offence; they list: %(offences)s."),
    # reviews
    msgid("Candidate %(number)s of %(review)s isn't %(status)s any more."),
    msgid("Candidate %(number)s of %(review)s is %(status)s, no lead."),
    msgid("Candidate %(number)s of %(review)s is %(status)s, no LEAD."),
    msgid("Candidate %(number)s of %(review)s is %(status)s, not DISPUTED."),
    msgid("A line-up counts beside another independent item; a lead alone is no ground for one."),
    msgid("There is no evidence %(evidence)s about candidate %(number)s."),
    msgid(
        "A lead is confirmed by at least one item of evidence that is independent of the search and no "
        "line-up."
    ),
    msgid("You have rated %(review)s before."),
    msgid("There is no review %(review)s that you may see."),
    msgid("The review %(review)s is %(status)s; it can't be withdrawn."),
    msgid("The review %(review)s is %(status)s, not DECIDED."),
    msgid("Nobody in %(review)s is a LEAD or INCONCLUSIVE; there is nothing to rate anew."),
    msgid("The review %(review)s was opened again by somebody else."),
    msgid("The sheet of %(review)s isn't yours any more, or was rated; take the next one."),
    msgid("You have no sheet of %(review)s; take the next one, which is yours for %(minutes)s minutes."),
    msgid("The sheet has pictures from 0 to %(number)s."),
    msgid("That face was erased meanwhile; rate it 0."),
    msgid("There is nothing for you to review now."),
    msgid("Rate each of the %(number)s candidates once."),
    # authorizations
    msgid(
        "No authorization of the case %(case)s covers %(place)s and this collection now; ask for one "
        "(`regard authorizations request`)."
    ),
    msgid("The search of %(place)s was started without an authorization; start it again."),
    msgid("The authorization %(authorization)s doesn't cover %(place)s and this collection."),
    msgid("There is no authorization %(authorization)s any more."),
    msgid("The authorization %(authorization)s is %(state)s: what was found under it is erased."),
    msgid("The authorization %(authorization)s is %(state)s; the search ends."),
    # forms
    msgid("Sign in first."),
    msgid("This form was sent from a page of another site; open it here."),
    msgid("The form can't be read; send it again."),
    msgid("The form is larger than this page takes."),
    msgid("The form took longer than %(seconds)s seconds to come; send it again."),
    msgid("There is a character in it that is none, such as U+0000; leave it out."),
    msgid("The request's Host is no name and port; open the page by its address."),
)


def said_refusal(texts: Texts, message: str) -> str:
    """The sentence in a language, or as it is where it has no template."""
    said = texts.gettext(message)
    if said != message:
        return said
    found = template_of(message)
    return message if found is None else texts.gettext(found[0]) % found[1]


def template_of(message: str) -> tuple[str, Mapping[str, str]] | None:
    """The template of a sentence, and the values that it holds."""
    for template, pattern in _patterns():
        found = pattern.fullmatch(message)
        if found is not None:
            return template, found.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = []
    for template in TEMPLATES:
        texts = _VALUE.split(template)  # words and names of values by turns
        parts = (f"(?P<{one}>.+?)" if place % 2 else re.escape(one) for place, one in enumerate(texts))
        made.append((template, re.compile("".join(parts), re.DOTALL)))
    return tuple(made)
