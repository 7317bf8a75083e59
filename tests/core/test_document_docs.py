import re
from pathlib import Path

from reconciler.adapters.documents import parse
from reconciler.core.document import ConnectionDocument, to_connection
from reconciler.core.freeze_section import FreezeSection
from reconciler.core.settings import FIELDS, Settings, to_settings
from reconciler.core.structured import part_of

PAGE = (Path(__file__).parents[2] / "docs/files.md").read_text("utf-8")
SMALLEST, FULL, *OTHERS, CONFIG = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_of_the_page_are_valid():
    for text in (SMALLEST, FULL.replace("sops: {…} ", "sops: {}")):
        source, problems = parse(text, file="binance-main.yaml")

        assert problems == ()
        assert to_connection(source, stem="binance-main")[1] == ()


def test_the_full_example_shows_every_key():
    source, _ = parse(FULL.replace("sops: {…} ", "sops: {}"), file="x.yaml")

    assert source.data.keys() == ConnectionDocument.model_fields.keys()


def test_the_freezes_of_the_page_are_valid():
    (text,) = (one for one in OTHERS if one.startswith("freeze:"))
    settings, found = to_settings(parse(text, file="reconcile.yaml")[0])

    freezes = part_of(settings.source, FreezeSection).freezes()

    assert found == ()
    assert [one.window.name for one in freezes] == ["month end", "trading hours"]
    assert freezes[1].actions == ("credentials",)


def test_the_settings_of_the_page_are_the_defaults():
    source, problems = parse(CONFIG, file="reconcile.yaml")

    assert problems == ()
    assert to_settings(source) == (Settings(), ())
    assert all(f"{field.path[-1]}:" in CONFIG for field in FIELDS)
