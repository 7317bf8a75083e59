from pathlib import Path

import pytest

from reconciler.adapters.settings_file import load_settings
from reconciler.core.errors import DocumentError, InputError
from reconciler.core.settings import Settings


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load_settings(tmp_path) == Settings()


def test_a_file_that_was_asked_for_must_be_there(tmp_path):
    with pytest.raises(InputError, match=r"'other.yaml' is not there"):
        load_settings(tmp_path, config=Path("other.yaml"))


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "\ufeff"])
def test_an_empty_file_is_no_mistake(tmp_path, text):
    (tmp_path / "reconcile.yaml").write_text(text, encoding="utf-8")

    assert load_settings(tmp_path) == Settings()


def test_the_file_is_read(tmp_path):
    (tmp_path / "mine.yaml").write_text("prune: true\n", encoding="utf-8")

    assert load_settings(tmp_path, config=Path("mine.yaml")) == Settings(prune=True)


@pytest.mark.parametrize(
    ("text", "codes"),
    [("prune: yes\nx: 1\n", ["R104", "R201"]), ("a: [\n", ["R101"]), ("- a", ["R106"])],
)
def test_a_wrong_file_stops_the_run_with_every_problem(tmp_path, text, codes):
    (tmp_path / "reconcile.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(DocumentError) as caught:
        load_settings(tmp_path)

    assert [item.code for item in caught.value.diagnostics] == codes
    assert caught.value.diagnostics[0].span.file == "reconcile.yaml"
