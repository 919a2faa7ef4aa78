"""`regard models card`, as a stranger uses it."""

from __future__ import annotations

import json

from tests.cli.conftest import Run


def test_the_model_card_is_printed_and_is_json(regard: Run) -> None:
    done = regard("models", "card", columns=80)
    assert "False matches per million" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines() if line.startswith("─")) <= 80
    assert json.loads(regard("models", "card", "default", "--json").stdout)["pack"] == "default"
    assert json.loads(regard("models", "card", "--face-model", "2.0", "--json").stdout)["model"] == "2.0"
    assert (
        "no model card of face model 9.0." in regard("models", "card", "--face-model", "9.0", code=1).stderr
    )
    assert "The pack nudenet has no model card" in regard("models", "card", "nudenet", code=1).stderr
