"""What holds of every page: one file, a strict policy, and no way in for a text."""

import base64
import hashlib
import re

import pytest

from reconciler.report.html.toolkit import (
    ASSETS,
    asset,
    asset_name,
    file_policy,
    served_assets,
)
from tests.report.html_reader import Elements
from tests.report.html_samples import FILES, PAGES
from tests.report.test_laws import hostile

EVERY = {**FILES, **PAGES}


@pytest.mark.parametrize("name", EVERY)
def test_every_element_is_closed_and_every_id_is_there_once(name):
    page = Elements(EVERY[name](lambda value: value))

    assert page.unclosed == []
    assert len(page.ids()) == len(set(page.ids()))


@pytest.mark.parametrize("name", EVERY)
def test_no_text_becomes_an_element_or_an_attribute(name):
    calm, wild = (Elements(EVERY[name](how)) for how in (lambda v: v, hostile))

    assert set(wild.tags()) <= set(calm.tags())
    assert "img" not in wild.tags()
    assert {key for _, a in wild.found for key in a} <= {
        key for _, a in calm.found for key in a
    }


@pytest.mark.parametrize("name", EVERY)
def test_no_text_leads_to_a_script(name):
    wild = Elements(EVERY[name](hostile))

    targets = [
        value or ""
        for _, attributes in wild.found
        for key, value in attributes.items()
        if key in {"href", "src", "action", "formaction"}
    ]
    assert [one for one in targets if "script:" in one.lower()] == []


@pytest.mark.parametrize("name", EVERY)
def test_what_is_unprintable_is_shown_as_an_escape(name):
    wild = EVERY[name](hostile)

    assert [char for char in wild if not char.isprintable() and char != "\n"] == []
    assert "\\u202e" in wild


@pytest.mark.parametrize("name", EVERY)
def test_nothing_in_a_page_needs_a_laxer_policy(name):
    page = Elements(EVERY[name](lambda value: value))

    attributes = [key for _, found in page.found for key in found]
    assert [key for key in attributes if key == "style" or key.startswith("on")] == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_loads_nothing_and_states_its_policy(name):
    page = Elements(FILES[name](lambda value: value))

    loaded = [a.get("src") or a.get("href") for t, a in page.found if t in LOADERS]
    policy = next(a["content"] for t, a in page.found if a.get("http-equiv"))
    assert [one for one in loaded if one and not one.startswith("data:")] == []
    assert policy == file_policy()


LOADERS = {"link", "script", "img", "iframe", "object", "embed", "use", "image"}


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_of_a_file_allows_what_is_in_it_and_nothing_else(tag):
    text = next(iter(FILES.values()))(lambda value: value)
    body = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]

    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()

    assert f"{tag}-src 'sha256-{digest}'" in file_policy()


@pytest.mark.parametrize("name", PAGES)
def test_a_served_page_asks_for_assets_that_are_served(name):
    page = Elements(PAGES[name](lambda value: value))

    loaded = [a.get("src") or a.get("href") for t, a in page.found if t in LOADERS]
    assert {one.removeprefix("/static/") for one in filter(None, loaded)} == set(
        served_assets()
    )


def test_the_name_of_an_asset_changes_with_its_content():
    assert len({asset_name(name) for name in ASSETS}) == len(ASSETS)
    assert asset_name("page.css").startswith("page-")
    assert served_assets()[asset_name("page.js")] == "page.js"


def test_only_what_pages_load_can_be_had():
    with pytest.raises(AssertionError, match="no asset"):
        asset("plan.html")
