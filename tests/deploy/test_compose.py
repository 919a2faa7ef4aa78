"""compose.yaml, read by a parser of the Compose specification, and held to the least rights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from regard.settings import Settings

FILE = Path(__file__).parents[2] / "compose.yaml"


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", FILE.read_text("utf-8"))  # as Compose puts defaults
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_it_is_what_the_specification_allows(composed: dict[str, Any]) -> None:
    parser = pytest.importorskip("compose_spec").PyCompose
    parser.from_json(json.dumps(composed)).validate()
    with pytest.raises(ValueError, match="no_such_key"):
        parser.from_json(json.dumps({"services": {"a": {"image": "b", "no_such_key": 1}}}))


def test_every_service_has_the_least_rights(composed: dict[str, Any]) -> None:
    for service in composed["services"].values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "cap_add" not in service
        assert "privileged" not in service


def test_secrets_are_files_outside_and_nothing_has_a_default(composed: dict[str, Any]) -> None:
    assert composed["secrets"] == {
        "database": {"file": "./secrets/database"},
        "postgres-password": {"file": "./secrets/postgres-password"},
    }
    for service in composed["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|TOKEN|SECRET|DATABASE", name) or value.startswith("/run/secrets/")
        assert set(service.get("secrets", ())) <= set(composed["secrets"])


def test_a_service_is_given_every_secret_whose_file_its_settings_name(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        files = [
            value for value in service.get("environment", {}).values() if value.startswith("/run/secrets/")
        ]
        missing = {Path(file).name for file in files} - set(service.get("secrets", ()))
        assert not missing, f"{name} would end at its start: {missing}"


def test_only_the_server_is_reached_and_from_this_machine_alone(composed: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in composed["services"].items() if "ports" in service}
    assert ports == {"server": ["127.0.0.1:8090:8090"]}
    assert composed["networks"]["inside"] == {"internal": True}
    assert composed["services"]["postgres"]["networks"] == ["inside"]


def test_what_is_needed_is_waited_for(composed: dict[str, Any]) -> None:
    services = composed["services"]
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            assert name in services
            if wanted["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"]
    assert services["worker"]["depends_on"]["server"] == {"condition": "service_healthy"}


def test_its_settings_are_regards_and_it_gives_time_to_stop(composed: dict[str, Any]) -> None:
    known = {f"REGARD_{name.upper()}" for name in Settings.__dataclass_fields__}
    for name in ("server", "worker", "streams"):
        service = composed["services"][name]
        assert {setting.removesuffix("_FILE") for setting in service["environment"]} <= known
        assert service["stop_grace_period"] == "60s"
