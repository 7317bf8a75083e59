"""What the documentation and the panel's own examples say is accepted as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.connection import Connection

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/providers.md").read_text(encoding="utf-8")
MISSION = ROOT.parent / "shared/mission/connection-management.md"
BLOCKS = [
    body
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    if "type" in (body := yaml.safe_load(text))
]


def findings_of(body):
    settings = body.get("settings") or {}
    connection = Connection(
        name="x",
        type=body["type"],
        provider=body["provider"],
        credential_names=tuple(body.get("credentials") or ()),
        config=body.get("config") or {},
        symbols=tuple(settings.get("symbols") or ()),
        timeframes=tuple(settings.get("timeframes") or ()),
    )
    return list(find_adapters()[connection.type].check(connection))


@pytest.mark.parametrize("body", BLOCKS, ids=lambda body: body["provider"])
def test_the_pages_examples_are_accepted(body):
    assert findings_of(body) == []


def test_each_type_has_an_example():
    assert {body["type"] for body in BLOCKS} == set(find_adapters())


def test_the_panels_examples_are_accepted():
    if not MISSION.exists():
        pytest.skip("the panel's documentation is not here")
    texts = re.findall(
        r"```json\n(.*?)```", MISSION.read_text(encoding="utf-8"), re.DOTALL
    )
    bodies = [json.loads(text) for text in texts]

    assert len(bodies) == 3
    assert [findings_of(body) for body in bodies] == [[], [], []]


def test_every_config_key_is_on_the_page():
    from reconciler.adapters.providers.ccxt_crypto.checks import KEYS, OPTION_KEYS
    from reconciler.adapters.providers.custom_api import checks as custom
    from reconciler.adapters.providers.metaapi.checks import keys as metaapi_keys
    from reconciler.adapters.providers.mtapi.checks import keys as mt_keys

    keys = [*KEYS, *OPTION_KEYS, *mt_keys(), *custom.keys(), *custom.EXPECT_KEYS]
    keys += metaapi_keys()
    keys += [key for section in custom.SECTIONS.values() for key in section]

    assert [key.name for key in keys if key.name not in PAGE] == []
