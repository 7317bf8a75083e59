import json
import shutil
import stat
from pathlib import Path

import pytest

from reconciler.adapters import source_cache
from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.source import CACHE_FILE, FileSource

DATA = Path(__file__).parents[1] / "data"
HEAD = "type: ccxt_crypto\nprovider: binance\n"


def unused():
    raise AssertionError("a file was parsed")


def read(root, *, adapters=find_adapters, files=()):
    return FileSource(
        directory=root, connections="d", adapters=adapters, files=files
    ).read()


@pytest.fixture
def root(tmp_path):
    shutil.copytree(DATA / "invalid", tmp_path / "d")
    shutil.copytree(DATA / "valid", tmp_path / "d/good")
    return tmp_path


def test_a_second_reading_parses_nothing_and_says_the_same(root):
    first = read(root)

    assert read(root, adapters=unused) == first


def test_warnings_are_remembered_too(root):
    text = (DATA / "invalid/r305.yaml").read_text("utf-8")
    (root / "d/r305.yaml").write_text(
        text.replace("  mac_only_encrypted: true\n", ""), encoding="utf-8"
    )
    first = read(root)

    assert "r305" in first.heads
    assert read(root, adapters=unused) == first


def test_only_a_changed_file_is_parsed(root):
    read(root)
    (root / "d/new.yaml").write_text(HEAD, encoding="utf-8")
    path = root / "d/good/public.yaml"
    path.write_text(f"{HEAD}active: false\n", encoding="utf-8")

    found = read(root)

    assert "new" in found.heads
    assert not found.heads["public"].active


def test_content_counts_not_time(root):
    read(root)
    for path in (root / "d").rglob("*.yaml"):
        path.touch()

    read(root, adapters=unused)


def test_a_removed_file_is_forgotten(root):
    read(root)
    (root / "d/good/public.yaml").unlink()

    assert "public" not in read(root, adapters=unused).heads
    rows = json.loads((root / CACHE_FILE).read_text())["files"]
    assert "d/good/public.yaml" not in rows


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"format": 1}', b"\xff", b"[" * 100_000],
)
def test_a_corrupt_cache_is_as_good_as_none(root, content):
    first = read(root)
    (root / CACHE_FILE).write_bytes(content)

    assert read(root) == first


@pytest.mark.parametrize(
    "rest", [[], ["x"], [None, [], []][:2], [0, 0, 0], [{}, [], []], [None, 3, []]]
)
def test_a_damaged_row_costs_its_file_a_parse_and_nothing_else(root, rest):
    first = read(root)
    path = root / CACHE_FILE
    content = json.loads(path.read_text())
    row = content["files"]["d/good/public.yaml"]
    row[1:] = rest
    path.write_text(json.dumps(content))

    assert read(root) == first


@pytest.mark.parametrize("row", [None, 3, [], {}, "digest"])
def test_what_is_no_row_is_no_row(root, row):
    first = read(root)
    path = root / CACHE_FILE
    content = json.loads(path.read_text())
    content["files"]["d/good/public.yaml"] = row
    path.write_text(json.dumps(content))

    assert read(root) == first


def test_a_cache_that_others_may_write_or_read_is_not_believed(root):
    read(root)
    path = root / CACHE_FILE
    content = json.loads(path.read_text())
    for row in content["files"].values():
        row[3] = []
    path.write_text(json.dumps(content))
    path.chmod(0o644)

    assert read(root).diagnostics


def test_another_program_version_forgets_everything(root):
    read(root)

    assert source_cache.load_rows(str(root / CACHE_FILE), "another") == {}


def test_the_cache_is_ours_alone(root):
    read(root)

    assert stat.S_IMODE((root / CACHE_FILE).stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_no_trouble(root):
    (root / ".reconcile").write_text("in the way")

    assert read(root).heads


def test_reading_some_files_keeps_what_is_known_of_the_others(root):
    first = read(root)

    read(root, files=[Path("d/r201.yaml")])

    assert read(root, adapters=unused) == first


def test_the_fingerprint_is_stable_within_a_program():
    one, two = (source_cache.fingerprint_of_program() for _ in range(2))

    assert one == two
