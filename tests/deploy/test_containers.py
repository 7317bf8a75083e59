"""Image, compose file and manifests: valid, not root, read-only, and in agreement."""

from __future__ import annotations

import re

import pytest
import yaml

from reconciler import __version__
from reconciler.adapters.documents import parse
from reconciler.core.settings import to_settings
from reconciler.core.structured import problems_of_parts
from tests.deploy.deploy_files import CONFIG, DEPLOY, PORT, STATE, USER, load, tool

MANIFESTS = sorted(
    path.name
    for path in (DEPLOY / "kubernetes").glob("*.yaml")
    if path.name != "kustomization.yaml"
)


def image():
    """Return the instructions of the image that is shipped, continued lines joined."""
    text = (DEPLOY / "container/Containerfile").read_text("utf-8")
    text = re.sub(r"\\\n\s*", " ", text)
    last = text.rindex("\nFROM ")
    return [
        tuple(line.split(" ", 1))
        for line in text[last:].splitlines()
        if line and not line.startswith("#")
    ]


def pod():
    return load("kubernetes/deployment.yaml")["spec"]["template"]["spec"]


def container():
    (found,) = pod()["containers"]
    return found


def test_the_image_is_built_as_the_linter_of_images_wants_it():
    code, said = tool("hadolint", DEPLOY / "container/Containerfile")

    assert (code, said) == (0, "")


def test_the_image_runs_as_nobody_who_is_somebody():
    told = dict(image())

    assert told["USER"] == f"{USER}:{USER}"
    assert told["WORKDIR"] == told["VOLUME"] == STATE
    assert told["EXPOSE"] == str(PORT)
    assert told["ENTRYPOINT"] == '["reconcile"]'
    assert "daemon" in told["CMD"]


def test_the_compose_file_is_one():
    code, said = tool(
        "check-jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        DEPLOY / "container/compose.yaml",
    )

    assert code == 0, said


def test_the_composed_service_writes_to_its_volume_only_and_listens_here_only():
    service = load("container/compose.yaml")["services"]["reconcile"]

    assert service["read_only"] == "true"
    assert service["cap_drop"] == ["ALL"]
    assert service["user"] == f"{USER}:{USER}"
    assert f"state:{STATE}" in service["volumes"]
    assert service["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert service["ulimits"]["core"] == "0"


@pytest.mark.parametrize("name", MANIFESTS)
def test_kubernetes_would_take_the_manifest(name):
    code, said = tool("kubernetes-validate", "--strict", DEPLOY / "kubernetes" / name)

    assert code == 0, said


def test_every_manifest_is_listed_and_carries_the_version():
    listed = load("kubernetes/kustomization.yaml")

    assert sorted(listed["resources"]) == MANIFESTS
    assert listed["images"][0]["newTag"] == __version__


def test_the_pod_has_no_rights_and_one_writer():
    safe = container()["securityContext"]

    assert pod()["securityContext"]["runAsNonRoot"] == "true"
    assert pod()["securityContext"]["runAsUser"] == str(USER)
    assert safe["readOnlyRootFilesystem"] == "true"
    assert safe["allowPrivilegeEscalation"] == "false"
    assert safe["capabilities"] == {"drop": ["ALL"]}
    assert pod()["automountServiceAccountToken"] == "false"
    deployment = load("kubernetes/deployment.yaml")["spec"]
    assert (deployment["replicas"], deployment["strategy"]["type"]) == ("1", "Recreate")


def test_the_pod_mounts_what_the_program_is_told_to_read():
    mounted = {one["mountPath"]: one for one in container()["volumeMounts"]}
    told = {one["name"]: one["value"] for one in container()["env"]}

    assert STATE in mounted
    assert told["RECONCILE_CONFIG"] == CONFIG
    assert CONFIG.rpartition("/")[0] in mounted
    assert told["SOPS_AGE_KEY_FILE"].rpartition("/")[0] in mounted
    assert {one["name"] for one in pod()["volumes"]} == {
        one["name"] for one in mounted.values()
    }


def test_only_a_dead_process_is_restarted():
    probes = {
        kind: container()[kind]["httpGet"]["path"]
        for kind in ("livenessProbe", "readinessProbe", "startupProbe")
    }

    assert probes == {
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
        "startupProbe": "/healthz",
    }


@pytest.mark.parametrize("where", ["compose", "kubernetes"])
def test_the_settings_that_are_shipped_are_valid_once_filled_in(where):
    text = (DEPLOY / "container/reconcile.yaml").read_text("utf-8")
    if where == "kubernetes":
        text = load("kubernetes/configmap.yaml")["data"]["reconcile.yaml"]
    source, problems = parse(text.replace("HASH", "0" * 64), file="reconcile.yaml")

    assert problems == ()
    assert to_settings(source)[1] == ()
    assert problems_of_parts(source) == ()


def test_both_settings_say_the_same():
    kubernetes = load("kubernetes/configmap.yaml")["data"]["reconcile.yaml"]

    assert yaml.safe_load(kubernetes) == yaml.safe_load(
        (DEPLOY / "container/reconcile.yaml").read_text("utf-8")
    )
