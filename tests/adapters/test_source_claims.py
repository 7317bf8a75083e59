"""Previous names that cannot be had, and names that must not be lost."""

from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.source import FileSource

HEAD = "type: ccxt_crypto\nprovider: binance\n"


def read(root, *, cache=False, **documents):
    (root / "d").mkdir(exist_ok=True)
    for stem, text in documents.items():
        (root / f"d/{stem}.yaml").write_text(text, encoding="utf-8")
    return FileSource(
        directory=root, connections="d", adapters=find_adapters, cache=cache
    ).read()


def told(found):
    return [
        (one.code, one.span.file, one.span.line, one.span.column)
        for one in found.diagnostics
    ]


def test_a_previous_name_whose_file_is_still_there_is_refused(tmp_path):
    found = read(tmp_path, old=HEAD, new=f"{HEAD}previous_names: [old]\n")

    assert told(found) == [("R208", "d/new.yaml", 3, 18)]
    assert found.heads.keys() == {"old"}
    assert found.invalid_names == {"new"}


def test_two_files_cannot_have_had_one_name(tmp_path):
    said = f"{HEAD}previous_names: [x, old]\n"

    found = read(tmp_path, a=said.replace("x, ", ""), b=said)

    assert told(found) == [("R208", "d/a.yaml", 3, 18), ("R208", "d/b.yaml", 3, 21)]
    assert found.heads == {}
    assert found.invalid_names == {"a", "b", "old", "x"}


def test_a_broken_file_keeps_its_previous_name_from_being_taken_for_gone(tmp_path):
    broken = f"{HEAD}previous_names: [old]\nownr: admin\n"

    first = read(tmp_path, cache=True, new=broken)
    again = read(tmp_path, cache=True)

    assert first.invalid_names == again.invalid_names == {"new", "old"}


def test_a_broken_file_and_a_good_one_cannot_have_had_one_name(tmp_path):
    good = f"{HEAD}previous_names: [old]\n"

    found = read(tmp_path, good=good, bad=f"{good}ownr: admin\n")

    assert [code for code, *_ in told(found)] == ["R201", "R208"]
    assert found.heads == {}


def test_previous_names_come_from_the_cache_as_from_the_file(tmp_path):
    first = read(tmp_path, cache=True, new=f"{HEAD}previous_names: [a, b]\n")
    again = read(tmp_path, cache=True)

    assert first.heads == again.heads
    assert again.heads["new"].previous_names == ("a", "b")


def test_a_connection_cannot_have_been_called_as_it_is(tmp_path):
    found = read(tmp_path, a=f"{HEAD}previous_names: [a]\n")

    assert told(found) == [("R204", "d/a.yaml", 3, 18)]
