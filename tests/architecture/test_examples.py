"""The examples of this repository are what they say: valid, sealed, and openable."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.adapters import sops
from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.source import FileSource

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "connections.d").glob("*.yaml"))
MISSION = ROOT.parent / "shared" / "mission" / "connection-management.md"
FROM_THE_MISSION = ("mt4-account-123", "binance", "custom-market-data")


def published_key():
    env = {"SOPS_AGE_KEY_FILE": str(ROOT / "tests" / "data" / "demo-age-key.txt")}
    return sops.load_keyring(env, home=Path("/nonexistent"))


def test_every_example_is_valid_without_a_warning():
    source = FileSource(
        directory=ROOT,
        connections="connections.d",
        adapters=find_adapters,
        cache=False,
    )

    found = source.read()

    assert found.diagnostics == ()
    assert len(found.heads) == len(EXAMPLES) == 11


def test_the_published_key_opens_every_sealed_example():
    for path in EXAMPLES:
        opened = sops.unseal(path.read_text(), file=path.name, keyring=published_key())
        sealed = "ENC[" in path.read_text()
        assert bool(opened.credentials) is sealed, path.name


@pytest.mark.skipif(not MISSION.exists(), reason="the mission document is not here")
def test_the_missions_three_examples_stand_there_as_they_are():
    blocks = MISSION.read_text().split("```json\n")[1:]
    bodies = [json.loads(block.partition("```")[0]) for block in blocks]

    for name, body in zip(FROM_THE_MISSION, bodies, strict=True):
        text = (ROOT / "connections.d" / f"{name}.yaml").read_text()
        ours = json.loads(text)
        opened = sops.unseal(text, file=name, keyring=published_key())
        plain = {key: value.reveal() for key, value in opened.credentials.items()}
        assert plain == {k: str(v) for k, v in body["credentials"].items()}
        assert {k: v for k, v in ours.items() if k not in {"sops", "binding"}} == {
            **body,
            "credentials": ours["credentials"],
        }


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_the_clone_can_be_looked_at_as_it_stands(command, tmp_path):
    state = f"tinydb:{tmp_path / 'state.json'}"
    done = subprocess.run(
        (sys.executable, "-m", "reconciler", "--state", state, command),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert ("11 to create" in done.stdout) is (command == "plan")
