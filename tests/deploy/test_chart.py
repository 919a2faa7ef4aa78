"""The Helm chart: rendered by Helm itself, held to Kubernetes' schemas and to the least that a pod needs."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import regard
from regard.settings import Settings
from tests.deploy.tools import find_helm

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "regard"
SITES = ("small", "site", "install")

pytestmark = pytest.mark.skipif(
    find_helm() is None, reason="Helm is not here: python -m tests.deploy.tools fetches it"
)


@functools.cache
def rendered(site: str) -> tuple[dict[str, Any], ...]:
    done = helm(
        "template", "desk", CHART, "--namespace", "vision", "--values", CHART / f"ci/{site}-values.yaml"
    )
    assert done.returncode == 0, done.stderr
    return tuple(document for document in yaml.safe_load_all(done.stdout) if document)


def helm(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = find_helm()
    assert program is not None
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)


def refused(*values: str) -> str:
    given = [part for value in ("image.repository=here/regard", *values) for part in ("--set", value)]
    done = helm("template", "desk", CHART, *given)
    assert done.returncode, "it was rendered"
    return done.stderr


def of_kind(site: str, kind: str) -> list[dict[str, Any]]:
    return [document for document in rendered(site) if document["kind"] == kind]


def pods(site: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in (*of_kind(site, "StatefulSet"), *of_kind(site, "Deployment")):
        template = document["spec"]["template"]
        yield template["metadata"]["labels"]["app.kubernetes.io/component"], template["spec"]


@pytest.mark.parametrize("site", SITES)
def test_what_it_renders_fits_the_schemas_of_kubernetes(site: str) -> None:
    for document in rendered(site):
        if document["kind"] not in ("ServiceMonitor", "PodMonitor"):  # resources of Prometheus's operator
            for version in ("1.27", "1.33"):
                kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("site", SITES)
def test_every_container_has_the_least_rights(site: str) -> None:
    for _, pod in pods(site):
        security = pod["securityContext"]
        assert security["runAsNonRoot"]
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod["automountServiceAccountToken"]
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("site", SITES)
def test_a_pod_may_write_where_regard_writes_and_mounts_only_what_there_is(site: str) -> None:
    claims = {
        claim["metadata"]["name"]
        for document in of_kind(site, "StatefulSet")
        for claim in document["spec"]["volumeClaimTemplates"]
    }
    written = {"/data", "/tmp"}  # noqa: S108
    for component, pod in pods(site):
        volumes = {volume["name"] for volume in pod["volumes"]} | (claims if component == "server" else set())
        for container in pod["containers"]:
            mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
            assert {mount["name"] for mount in mounts.values()} == volumes
            assert {path for path, mount in mounts.items() if not mount.get("readOnly")} == written


def test_secrets_are_files_and_in_no_value_or_map() -> None:
    (settings,) = of_kind("site", "ConfigMap")
    assert settings["data"]["REGARD_DATABASE_FILE"] == "/run/secrets/database/url"
    names = {setting.removesuffix("_FILE").removeprefix("REGARD_").lower() for setting in settings["data"]}
    secrets = {"database", "metrics_token"}
    assert secrets <= names
    assert not {f"REGARD_{name.upper()}" for name in secrets} & set(settings["data"])
    assert not of_kind("site", "Secret")
    assert settings["data"]["REGARD_OIDC_SECRET_FILE"] == "/run/secrets/settings/REGARD_OIDC_SECRET"


def test_every_setting_that_it_gives_is_one_of_regard() -> None:
    known = {f"REGARD_{name.upper()}" for name in Settings.__dataclass_fields__}
    for site in SITES:
        (settings,) = of_kind(site, "ConfigMap")
        given = {name.removesuffix("_FILE") for name in settings["data"] if name.startswith("REGARD_")}
        assert given <= known


@pytest.mark.parametrize("site", SITES)
def test_a_pod_has_longer_to_stop_than_regard_takes(site: str) -> None:
    (settings,) = of_kind(site, "ConfigMap")
    taken = int(settings["data"]["REGARD_STOP_GRACE"]) + int(settings["data"]["REGARD_STOP_SECONDS"])
    for _, pod in pods(site):
        assert pod["terminationGracePeriodSeconds"] >= taken + 15


def test_with_workers_of_their_own_the_server_starts_none() -> None:
    assert [component for component, _ in pods("site")].count("server") == 1
    commands = {component: pod["containers"][0]["args"] for component, pod in pods("site")}
    assert commands == {"server": ["serve"], "worker": ["worker"], "stream-worker": ["streams"]}
    (settings,) = of_kind("site", "ConfigMap")
    assert settings["data"]["REGARD_JOB_WORKERS"] == settings["data"]["REGARD_STREAM_WORKERS"] == "0"
    (alone,) = of_kind("small", "ConfigMap")
    assert "REGARD_JOB_WORKERS" not in alone["data"]


def test_only_several_servers_have_a_disruption_budget() -> None:
    assert of_kind("site", "PodDisruptionBudget")[0]["spec"]["maxUnavailable"] == 1
    assert not of_kind("small", "PodDisruptionBudget")


def test_nobody_reaches_a_worker_but_for_its_figures() -> None:
    every, server, workers = of_kind("site", "NetworkPolicy")
    [told] = workers["spec"]["ingress"]
    assert told["ports"] == [{"protocol": "TCP", "port": "metrics"}]
    assert len(told["from"]) == 2
    assert len(of_kind("small", "NetworkPolicy")) <= 2, "without a token there are no figures"
    assert set(every["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in every["spec"]
    assert server["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "server"
    assert len(server["spec"]["ingress"][0]["from"]) == 2


def test_prometheus_is_told_where_workers_have_their_figures() -> None:
    [monitor] = of_kind("site", "PodMonitor")
    [asked] = monitor["spec"]["podMetricsEndpoints"]
    for component, pod in pods("site"):
        [container] = pod["containers"]
        places = {port["name"]: port["containerPort"] for port in container["ports"]}
        told = {one["name"]: one.get("value") for one in container["env"]}
        assert (asked["port"] in places) == (component != "server")
        assert told.get("REGARD_WORKER_METRICS") == (None if component == "server" else "0.0.0.0:9101")
    assert asked["authorization"]["credentials"] == {"name": "regard-metrics", "key": "token"}


def test_changed_settings_start_the_pods_anew() -> None:
    sums = set()
    for workers in ("2", "3"):
        done = helm(
            "template", "desk", CHART, "--set", f"image.repository=r,settings.REGARD_WORKERS={workers}"
        )
        sums.update(re.findall("checksum/settings: ([0-9a-f]{64})", done.stdout))
    assert len(sums) == 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (["image.repository="], "minLength"),
        (["server.replicas=2"], "set database.existingSecret, or server.replicas to 1"),
        (["workers.enabled=true"], "Workers of their own need a PostgreSQL database"),
        (["database.existingSecret=db"], "set keys.existingSecret"),
        (["models.source=claim"], "set models.existingClaim"),
        (["ingress.enabled=true", "ingress.host=a.example.org"], "tlsSecret"),
        (["metrics.serviceMonitor.enabled=true"], "set metrics.existingSecret"),
        (["settings.REGARD_DATABASE=postgresql://u:p@h/d"], "REGARD_DATABASE"),
        (["replicas=2"], "replicas"),
    ],
)
def test_what_can_not_work_is_refused_before_it_is_installed(values: list[str], sentence: str) -> None:
    assert sentence in refused(*values)


def test_the_schema_refuses_every_secret_of_the_settings() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    kept_out = schema["properties"]["settings"]["propertyNames"]["not"]["enum"]
    secrets = {
        f"REGARD_{field.name.upper()}" for field in Settings.__dataclass_fields__.values() if not field.repr
    }
    assert secrets <= set(kept_out)
    given = schema["properties"]["secretSettings"]["propertyNames"]["enum"]
    assert {*given, "REGARD_DATABASE", "REGARD_METRICS_TOKEN"} == secrets


def test_helm_finds_nothing_to_complain_of() -> None:
    done = helm("lint", CHART, "--strict", "--values", CHART / "ci/site-values.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_versions_are_those_of_the_package() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert chart["appVersion"] == chart["version"] == regard.__version__
