"""Which texts the console says, by its source.

`python -m tests.console.texts NAME` adds what no file has to `texts/LANGUAGE/NAME.po`, to translate it there.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

CONSOLE = Path(__file__).parents[2] / "src" / "regard" / "console"
TRANSLATED = ("de", "fr", "es")
_CALLS = {"say": 0, "msgid": 0}

Message = str | tuple[str, ...]


def messages() -> Iterator[Message]:
    """Every text of templates, of `say`, of `msgid` and of pages' titles; a pair where it has a plural."""
    for template in sorted((CONSOLE / "templates").rglob("*.html")):
        options = {"trimmed": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
        found = babel_extract(BytesIO(template.read_bytes()), ("_", "gettext", "ngettext"), [], options)
        for _line, function, message, _comments in found:
            words = (message,) if isinstance(message, str) else message or ()
            texts = tuple(word for word in words if word)
            if texts:  # none where a text is named by a variable
                yield texts if function == "ngettext" else texts[0]
    for module in sorted(CONSOLE.rglob("*.py")):
        yield from _in_module(ast.parse(module.read_text("utf-8")))


def _in_module(tree: ast.Module) -> Iterator[Message]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name == "ngettext" and all(isinstance(one, ast.Constant) for one in call.args[:2]):
            yield tuple(ast.literal_eval(one) for one in call.args[:2])
        told = [call.args[0]] if name in _CALLS and call.args else []
        if name == "Page":
            told += [word.value for word in call.keywords if word.arg == "title"]
        for one in told:
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value:
                yield one.value


def catalogues(language: str) -> dict[str, Catalog]:
    """The files of a language, by name."""
    found = {}
    for path in sorted((CONSOLE / "texts" / language).glob("*.po")):
        with path.open("rb") as file:
            found[path.stem] = read_po(file, locale=language)
    return found


def translations(language: str) -> dict[str, tuple[str, ...]]:
    """What each text is in a language: one string, or one for each number."""
    found: dict[str, tuple[str, ...]] = {}
    for one in catalogues(language).values():
        for message in one:
            key = message.id if isinstance(message.id, str) else message.id[0]
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            if key and all(strings):
                found[key] = tuple(str(string) for string in strings)
    return found


def _complete(name: str) -> None:
    """Adds to the files of this name what no file has, and takes from all files what nothing says."""
    said = {message if isinstance(message, str) else message[0]: message for message in messages()}
    for language in TRANSLATED:
        files = catalogues(language)
        known = {key for one in files.values() for key in (_key(message.id) for message in one) if key}
        files.setdefault(name, Catalog(locale=language))
        for stem, old in files.items():
            made = Catalog(locale=language, fuzzy=False)
            for message in old:
                if _key(message.id) in said:
                    made.add(said[_key(message.id)], message.string)
            if stem == name:
                for key in said.keys() - known:
                    made.add(said[key], "")
            _write(CONSOLE / "texts" / language / f"{stem}.po", made)
        sys.stdout.write(f"{language}: {len(said.keys() - translations(language).keys())} to translate\n")


def _key(message: Message) -> str:
    return message if isinstance(message, str) else message[0]


def _write(file: Path, made: Catalog) -> None:
    out = BytesIO()
    write_po(out, made, width=110, omit_header=True, sort_output=True)
    head = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {made.plural_forms}\\n"\n\n'
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(head.encode() + out.getvalue())


if __name__ == "__main__":
    _complete(sys.argv[1])
