"""Writes the tables that come from the code: `python docs/generate.py`; a test holds them to it."""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from card_tables import accuracy_tables
from diagrams import DIAGRAMS
from error_tables import error_tables
from metric_tables import metrics_table
from threshold_tables import chart, threshold_tables
from threshold_tables import load_card as default_card
from use_diagrams import USE_DIAGRAMS

from regard.api.model import REGARD, REKOGNITION, load_api
from regard.api.reference import api_reference
from regard.evaluation.card import AttributeMetric
from regard.evaluation.heads import head_cards
from regard.governance.permissions import ROLES, Permission
from regard.governance.rules.replay import RULES
from regard.operations import OPERATIONS, Operation
from regard.operations.operation import Area
from regard.presentation.audits.liveness_tables import species_table
from regard.settings import Settings
from regard.vision.liveness.card import load_card
from regard.vision.taxonomy import load_taxonomy

ROOT = Path(__file__).parent.parent
NAMES = load_api(REKOGNITION).names
_BEGIN = "<!-- operations: begin (made by docs/generate.py) -->"
_END = "<!-- operations: end -->"
_HEADS = "<!-- heads: begin (made by docs/generate.py from the heads' cards) -->"
_HEADS_END = "<!-- heads: end -->"
_WORN = "<!-- equipment: begin (made by docs/generate.py from the heads' cards) -->"
_WORN_END = "<!-- equipment: end -->"
_ROLES = "<!-- roles: begin (made by docs/generate.py) -->"
_ROLES_END = "<!-- roles: end -->"
_RULES = "<!-- rules: begin (made by docs/generate.py) -->"
_RULES_END = "<!-- rules: end -->"
_API = "<!-- api: begin (made by docs/generate.py) -->"
_API_END = "<!-- api: end -->"
_LABELS = "<!-- labels: begin (made by docs/generate.py) -->"
_LABELS_END = "<!-- labels: end -->"
_CARD = "<!-- liveness: begin (made by docs/generate.py from the card) -->"
_CARD_END = "<!-- liveness: end -->"
_METRICS = "<!-- metrics: begin (made by docs/generate.py) -->"
_METRICS_END = "<!-- metrics: end -->"
_EQUIPMENT = ("head", "face", "hand", "glove", "bare")


def by_area() -> dict[Area, list[Operation]]:
    """The operations of each area in the order of their names."""
    declared = sorted(OPERATIONS.values(), key=lambda one: one.name)
    return {area: [one for one in declared if one.area is area] for area in Area}


def unbuilt() -> list[str]:
    """Rekognition's names of the operations that are not built yet."""
    return sorted(name for key, name in NAMES.items() if key not in OPERATIONS)


def readme_table() -> str:
    waiting = unbuilt()
    total = len(NAMES)
    lines = [f"{total - len(waiting)} of {total} are built.", "", "| | |", "|---|---|"]
    for area, operations in by_area().items():
        names = [one.name for one in operations if not one.is_own]
        if names:
            lines.append(f"| **{area}** | {', '.join(names)} |")
    if waiting:
        lines.append(f"| *not built yet* | {', '.join(waiting)} |")
    return "\n".join(lines)


def operations_page() -> str:
    waiting, total = unbuilt(), len(NAMES)
    lines = [
        "# Operations",
        "",
        f"{total - len(waiting)} of the {total} operations of Rekognition are built. One that isn't would "
        "validate its request and answer `NotImplementedException` (HTTP 501). *Permission* is what a "
        "key's [role](governance.md) must hold; *counts as* is what AWS would bill an answered request as.",
    ]
    for area, operations in by_area().items():
        lines += ["", f"## {area}", "", "| operation | | permission | counts as |", "|---|---|---|---|"]
        for one in operations:
            own = " Regard's own." if one.is_own else ""
            bill = "" if one.bills is None else one.bills.value
            lines.append(f"| {one.name} | {_summary(one.run)}{own} | {_permission(one)} | {bill} |")
    if waiting:
        lines += ["", "## Not built yet", "", ", ".join(waiting) + "."]
    return "\n".join(lines) + "\n"


def compatibility_table() -> str:
    """What docs/differences.toml says of each operation. Raises ValueError unless it names each once."""
    sections = tomllib.loads((ROOT / "docs" / "differences.toml").read_text("utf-8")).values()
    says = {name: text for section in sections for name, text in section.items()}
    operations = [one for group in by_area().values() for one in group if not one.is_own]
    if unequal := set(says) ^ {one.name for one in operations}:
        raise ValueError(f"docs/differences.toml and the operations differ in {', '.join(sorted(unequal))}")
    lines = ["| operation | what differs |", "|---|---|"]
    return "\n".join([*lines, *(f"| {one.name} | {says[one.name]} |" for one in operations)])


def _permission(operation: Operation) -> str:
    return "none: public" if operation.permission is None else f"`{operation.permission.name}`"


def roles_table() -> str:
    lines = [f"| permission | | {' | '.join(ROLES)} |", "|---|---|" + "---|" * len(ROLES)]
    for permission in Permission:
        held = " | ".join("yes" if permission in held else "" for held in ROLES.values())
        lines.append(f"| `{permission.name}` | {permission.value} | {held} |")
    return "\n".join(lines)


def rules_table() -> str:
    lines = ["| rule | what the log shows |", "|---|---|"]
    return "\n".join([*lines, *(f"| {rule.name} | {rule.says} |" for rule in RULES)])


def settings_page() -> str:
    secrets = [f"`REGARD_{setting.name.upper()}`" for setting in fields(Settings) if not setting.repr]
    lines = [
        "# Settings",
        "",
        "Each is an environment variable. `regard serve` has options for the first ones.",
        "",
        f"{', '.join(secrets[:-1])} and {secrets[-1]} may be in files instead:",
        "`REGARD_DATABASE_FILE`, for one, names the file that holds the database's URL. "
        "The variable itself comes first.",
        "",
        "| variable | default | |",
        "|---|---|---|",
    ]
    for setting in fields(Settings):
        default = "" if setting.default in (None, "") else f"`{setting.default}`"
        lines.append(f"| `REGARD_{setting.name.upper()}` | {default} | {setting.metadata['help']} |")
    return "\n".join(lines) + "\n"


def attribute_tables() -> str:
    """The heads that look at faces."""
    return _head_tables({name: (card, f"fit_{name}") for name, card in head_cards().items()})


def equipment_tables() -> str:
    """The heads that look for protective equipment."""
    folder = files("regard.vision.protective")
    cards = {name: json.loads(folder.joinpath(f"{name}.json").read_text("utf-8")) for name in _EQUIPMENT}
    return _head_tables({name: (card, "fit_protective") for name, card in cards.items()})


def _head_tables(cards: Mapping[str, tuple[Mapping[str, Any], str]]) -> str:
    """What cards say: on what each head was trained, then its figures, a table for each set. Beside a card,
    the name of the script that made it."""
    lines: list[str] = []
    for name, (card, script) in cards.items():
        trained = "; ".join(card["trained on"])
        lines += [
            f"### The head `{name}`",
            "",
            f"`python -m training.{script} DATA --cache CACHE`. Says {card['says']}. Trained on {trained}. "
            f"Research-only data: {card['research-only data']}. Split: {card['split']}. {card['limits']}",
            "",
        ]
        rows = [AttributeMetric(**row) for row in card["metrics"]]
        for data in dict.fromkeys(row.data for row in rows):
            lines += [f"{data}:", "", "| | | | 95 % | of |", "|---|---|---|---|---|"]
            lines += [_figures(row) for row in rows if row.data == data]
            lines.append("")
    return "\n".join(lines).rstrip()


def _figures(row: AttributeMetric) -> str:
    within = "" if row.low is None or row.high is None else f"{max(0.0, row.low):.1f}–{row.high:.1f}"
    return f"| {row.attribute} | {row.metric} | {row.value:.1f} | {within} | {row.count:,} |"


def between(page: str, begin: str, end: str, text: str) -> str:
    """A page with what stands between two marks replaced."""
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def pages() -> dict[Path, str]:
    """Every generated file with the text it must have."""
    readme, accuracy = ROOT / "README.md", ROOT / "docs" / "accuracy.md"
    governance, api = ROOT / "docs" / "governance.md", ROOT / "docs" / "api.md"
    labels, liveness = ROOT / "docs" / "labels.md", ROOT / "docs" / "liveness.md"
    compatibility = ROOT / "docs" / "compatibility.md"
    thresholds, errors = ROOT / "docs" / "thresholds.md", ROOT / "docs" / "errors.md"
    operate = ROOT / "docs" / "operate.md"
    return {
        readme: between(readme.read_text(), _BEGIN, _END, readme_table()),
        accuracy: accuracy_page(accuracy.read_text()),
        governance: governance_page(governance.read_text()),
        api: between(api.read_text(), _API, _API_END, own_operations()),
        labels: between(labels.read_text(), _LABELS, _LABELS_END, label_lists()),
        liveness: between(liveness.read_text(), _CARD, _CARD_END, liveness_table()),
        thresholds: in_places(thresholds.read_text(), threshold_tables()),
        ROOT / "docs" / "pictures" / "thresholds.svg": chart(default_card()),
        **{
            ROOT / "docs" / "pictures" / f"{name}.svg": drawn()
            for name, drawn in (DIAGRAMS | USE_DIAGRAMS).items()
        },
        compatibility: in_places(compatibility.read_text(), {"compatibility": compatibility_table()}),
        errors: in_places(errors.read_text(), error_tables()),
        operate: between(operate.read_text(), _METRICS, _METRICS_END, metrics_table()),
        ROOT / "docs" / "operations.md": operations_page(),
        ROOT / "docs" / "settings.md": settings_page(),
    }


def governance_page(page: str) -> str:
    """docs/governance.md with its tables of roles and of rules."""
    return between(between(page, _ROLES, _ROLES_END, roles_table()), _RULES, _RULES_END, rules_table())


def accuracy_page(page: str) -> str:
    """docs/accuracy.md with its tables from cards."""
    page = between(page, _HEADS, _HEADS_END, attribute_tables())
    page = between(page, _WORN, _WORN_END, equipment_tables())
    return in_places(page, accuracy_tables())


def in_places(page: str, tables: Mapping[str, str]) -> str:
    """A page with each table between the marks of its name."""
    for name, text in tables.items():
        begin = page[page.index(f"<!-- {name}: begin") :].partition(" -->")[0]
        page = between(page, f"{begin} -->", f"<!-- {name}: end -->", text)
    return page


def liveness_table() -> str:
    """What the card that comes with Regard says, species by species."""
    card = load_card()
    table = species_table(card)
    lines = [
        f"Measured on {card.data}",
        "",
        f"| {' | '.join(header.name for header in table.headers)} |",
        f"|{'|'.join('--:' if header.right else '---' for header in table.headers)}|",
        *(f"| {' | '.join(row)} |" for row in table.rows),
    ]
    return "\n".join(lines)


def label_lists() -> str:
    """The labels of each category, with how many there are."""
    taxonomy, lines = load_taxonomy(), []
    for category in taxonomy.categories:
        names = sorted(one.name for one in taxonomy.concepts.values() if one.category == category)
        if names:
            lines += [f"**{category}** ({len(names)}): {', '.join(names)}.", ""]
    return f"{len(taxonomy.concepts):,} labels.\n\n" + "\n".join(lines).rstrip()


def own_operations() -> str:
    permissions = {key: f"permission {_permission(one)}" for key, one in OPERATIONS.items()}
    return api_reference(load_api(REGARD), permissions)


def _summary(function: object) -> str:
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n", 1)[0].split())


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
