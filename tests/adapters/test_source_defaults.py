"""`_defaults.yaml` as the reading of files sees it."""

import os

import pytest

from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.source import FileSource

HEAD = "type: ccxt_crypto\nprovider: binance\n"


def unused():
    raise AssertionError("a file was parsed")


def source(root, *, adapters=find_adapters, files=(), copies=None):
    return FileSource(
        directory=root, connections="d", adapters=adapters, files=files, copies=copies
    )


def write(root, **texts):
    for name, text in texts.items():
        path = root / "d" / f"{name.replace('__', '/', 1)}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def defaults(root, text, folder="d"):
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / folder / "_defaults.yaml").write_text(text, encoding="utf-8")


def test_defaults_hold_for_the_files_of_their_own_folder_only(tmp_path):
    defaults(tmp_path, "owner: team:top\n")
    write(tmp_path, a=HEAD, sub__b=HEAD)

    heads = source(tmp_path).read().heads

    assert (heads["a"].owner, heads["b"].owner) == ("team:top", "admin")


def test_defaults_are_no_connection(tmp_path):
    defaults(tmp_path, "owner: admin\n")
    write(tmp_path, a=HEAD)

    found = source(tmp_path).read()

    assert (found.heads.keys(), found.files) == ({"a"}, 1)


def test_a_loaded_document_is_self_contained(tmp_path):
    defaults(tmp_path, "config: {timeout: 7}\n")
    write(tmp_path, a=HEAD)
    reading = source(tmp_path)
    reading.read()

    document = reading.load("a")

    alone = reading.parse(document.text, file="a.yaml")
    assert alone.connection.config == {"timeout": 7}
    assert alone.revision == document.revision


def test_changed_defaults_change_the_revision_of_every_file_below(tmp_path):
    defaults(tmp_path, "config: {timeout: 7}\n")
    write(tmp_path, a=HEAD, b=f"{HEAD}config: {{timeout: 9}}\n")
    before = source(tmp_path).read().heads

    defaults(tmp_path, "config: {timeout: 8}\n")
    after = source(tmp_path).read().heads

    assert before["a"].revision != after["a"].revision
    assert before["b"].revision == after["b"].revision


def test_defaults_that_appear_or_go_are_noticed(tmp_path):
    write(tmp_path, a=HEAD)
    without = source(tmp_path).read()
    defaults(tmp_path, "owner: user:alice\n")

    assert source(tmp_path).read().heads["a"].owner == "user:alice"
    (tmp_path / "d/_defaults.yaml").unlink()
    assert source(tmp_path).read() == without


def test_unchanged_defaults_are_not_parsed_again(tmp_path):
    defaults(tmp_path, "health: {interval: soon}\nlabels: {a: b}\n")
    write(tmp_path, a=HEAD, b=f"{HEAD}health: {{interval: 1m}}\n")
    first = source(tmp_path).read()

    assert source(tmp_path, adapters=unused).read() == first
    assert first.heads.keys() == {"b"}


def test_one_value_of_the_defaults_is_told_of_once(tmp_path):
    defaults(tmp_path, "health: {interval: soon}\n")
    write(tmp_path, a=HEAD, b=HEAD)

    found = source(tmp_path).read()

    assert [str(one.span) for one in found.diagnostics] == ["d/_defaults.yaml:1:20"]
    assert found.invalid_names == {"a", "b"}


@pytest.mark.parametrize("text", ["active: false\n", "labels: [\n", "{}: 3\n", ""])
def test_bad_defaults_leave_their_folder_alone_and_no_other(tmp_path, text):
    defaults(tmp_path, text)
    write(tmp_path, a=HEAD, sub__b=HEAD)

    found = source(tmp_path).read()

    assert found.invalid_names == {"a"}
    assert found.heads.keys() == {"b"}
    assert {one.span.file for one in found.diagnostics} == {"d/_defaults.yaml"}


def test_defaults_are_not_read_through_a_link_that_leads_out(tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text("owner: user:mallory\n", encoding="utf-8")
    root = tmp_path / "repo"
    write(root, a=HEAD)
    (root / "d/_defaults.yaml").symlink_to(outside)

    whole = source(root).read()
    alone = source(root, files=[root / "d/a.yaml"]).read()

    for found in (whole, alone):
        assert [one.code for one in found.diagnostics] == ["R107"]
        assert found.invalid_names == {"a"}


def test_a_pipe_under_the_name_of_defaults_does_not_hang(tmp_path):
    write(tmp_path, a=HEAD)
    os.mkfifo(tmp_path / "d/_defaults.yaml")

    assert source(tmp_path).read().invalid_names == {"a"}


def test_a_file_that_is_asked_for_alone_has_its_defaults(tmp_path):
    defaults(tmp_path, "owner: user:alice\n")
    write(tmp_path, a=HEAD)

    found = source(tmp_path, files=[tmp_path / "d/a.yaml"]).read()

    assert found.heads["a"].owner == "user:alice"


def test_a_copy_elsewhere_is_judged_in_the_place_of_its_file(tmp_path):
    defaults(tmp_path, "owner: user:alice\n")
    copy = tmp_path / "elsewhere/a.yaml"
    copy.parent.mkdir()
    copy.write_text(HEAD, encoding="utf-8")

    file = tmp_path / "d/a.yaml"
    found = source(tmp_path, files=[file], copies={file: copy}).read()

    assert found.heads["a"].owner == "user:alice"


def test_a_warning_in_defaults_is_allowed_where_it_stands(tmp_path):
    mark = "# reconcile: allow R311 until 2099-01-31 because of a test\n"
    defaults(tmp_path, f"{mark}owner: admin\n")
    write(tmp_path, a=HEAD)

    found = source(tmp_path).read()

    assert {one.span.file for one in found.diagnostics} == {"d/_defaults.yaml"}


def test_one_reading_sees_one_state_of_the_defaults(tmp_path):
    defaults(tmp_path, "owner: user:alice\n")
    write(tmp_path, a=HEAD)
    reading = source(tmp_path)
    reading.read()
    defaults(tmp_path, "owner: user:bob\n")

    assert reading.load("a").connection.owner == "user:alice"
