import os
import stat

import pytest

from reconciler.adapters.files import (
    MAX_BYTES,
    list_documents,
    read_bytes,
    stem_of,
    write_atomic,
)
from reconciler.core.errors import InputError


def plant(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a: 1\n", encoding="utf-8")


def listed(root, folder="d"):
    return sorted(list_documents(str(root), folder).files)


def test_documents_are_found_at_any_depth_by_suffix(tmp_path):
    plant(tmp_path, "d/a.yaml", "d/b/c.yml", "d/b/e/f.json", "d/readme.md", "d/yaml")

    assert listed(tmp_path) == ["d/a.yaml", "d/b/c.yml", "d/b/e/f.json"]


def test_hidden_and_underscored_names_are_skipped(tmp_path):
    plant(tmp_path, "d/.a.yaml", "d/_a.yaml", "d/.git/a.yaml", "d/_old/a.yaml")

    assert listed(tmp_path) == []


def test_the_root_itself_may_be_the_folder(tmp_path):
    plant(tmp_path, "a.yaml", "b/c.yaml")

    assert listed(tmp_path, ".") == ["a.yaml", "b/c.yaml"]


def test_a_loop_of_links_is_entered_once(tmp_path):
    plant(tmp_path, "d/a.yaml")
    (tmp_path / "d/loop").symlink_to(tmp_path / "d", target_is_directory=True)

    assert listed(tmp_path) == ["d/a.yaml"]


def test_a_mounted_config_map_is_read_through_its_links(tmp_path):
    plant(tmp_path, "d/..2026/a.yaml")
    (tmp_path / "d/..data").symlink_to("..2026", target_is_directory=True)
    (tmp_path / "d/a.yaml").symlink_to("..data/a.yaml")

    listing = list_documents(str(tmp_path), "d")

    assert (listing.files, listing.refused) == (["d/a.yaml"], {})


def test_a_link_out_of_the_repository_is_refused(tmp_path):
    plant(tmp_path, "repo/d/a.yaml", "secret/b.yaml")
    (tmp_path / "repo/d/b.yaml").symlink_to(tmp_path / "secret/b.yaml")
    (tmp_path / "repo/d/far").symlink_to(tmp_path / "secret")

    listing = list_documents(str(tmp_path / "repo"), "d")

    assert listing.refused == {"d/b.yaml": "the link leads out of the repository"}
    assert sorted(listing.files) == ["d/a.yaml", "d/b.yaml"]


def test_a_broken_link_and_a_pipe_are_files_that_cannot_be_read(tmp_path):
    plant(tmp_path, "d/a.yaml")
    (tmp_path / "d/b.yaml").symlink_to("nowhere.yaml")
    os.mkfifo(tmp_path / "d/c.yaml")

    listing = list_documents(str(tmp_path), "d")

    assert listing.refused == {
        "d/b.yaml": "the link leads nowhere",
        "d/c.yaml": "it is not a regular file",
    }
    assert len(listing.files) == 3


@pytest.mark.parametrize(
    ("folder", "complaint"), [("none", "is not there"), ("file", "is not a folder")]
)
def test_a_missing_folder_is_an_error_never_an_empty_set(tmp_path, folder, complaint):
    plant(tmp_path, "file")

    with pytest.raises(InputError, match=complaint):
        list_documents(str(tmp_path), folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list anything")
def test_a_folder_that_cannot_be_listed_stops_the_run(tmp_path):
    plant(tmp_path, "d/closed/a.yaml")
    (tmp_path / "d/closed").chmod(0)

    with pytest.raises(InputError, match="cannot be listed"):
        list_documents(str(tmp_path), "d")

    (tmp_path / "d/closed").chmod(0o700)


@pytest.mark.parametrize(
    ("file", "stem"),
    [("a.yaml", "a"), ("d/a.b.yml", "a.b"), ("a.json", "a"), ("a.txt", ""), ("a", "")],
)
def test_the_stem_is_the_name_without_folder_and_suffix(file, stem):
    assert stem_of(file) == stem


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, MAX_BYTES])
def test_a_file_is_read_whole(tmp_path, size):
    (tmp_path / "a").write_bytes(b"x" * size)

    assert len(read_bytes(str(tmp_path / "a"))) == size


def test_of_a_huge_file_no_more_is_read_than_shows_that_it_is(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * (3 * MAX_BYTES))

    assert MAX_BYTES < len(read_bytes(str(tmp_path / "a"))) < 2 * MAX_BYTES


@pytest.mark.parametrize("durable", [True, False])
def test_a_write_replaces_the_file_with_the_mode_asked_for(tmp_path, durable):
    path = tmp_path / "new/state.json"

    write_atomic(path, b"one", durable=durable)
    write_atomic(path, b"two", mode=0o640, durable=durable)

    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "taken"
    (target / "inside").mkdir(parents=True)

    with pytest.raises(OSError, match="irectory"):
        write_atomic(target, b"x")

    assert list(tmp_path.iterdir()) == [target]
