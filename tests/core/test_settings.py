import pytest

from reconciler.adapters.documents import parse
from reconciler.core.settings import (
    FIELDS,
    GuardSettings,
    NetworkSettings,
    Settings,
    default_of,
    to_settings,
)

FULL = """\
version: 1
workspace: desk-a
connections: files
state: postgres://db/reconcile
report: out/report.json
prune: true
parallelism: 4
lock_timeout: 1m30s
guards: {max_removed_ratio: 1, min_records: 0}
network: {allow: [10.20.0.0/16, "fd00:1::/32", 127.0.0.1]}
"""


def judge(text):
    return to_settings(parse(text, file="reconcile.yaml")[0])


def test_every_setting_is_read():
    settings, found = judge(FULL)

    assert found == ()
    assert settings == Settings(
        workspace="desk-a",
        connections="files",
        state="postgres://db/reconcile",
        report="out/report.json",
        prune=True,
        parallelism=4,
        lock_timeout_s=90,
        guards=GuardSettings(max_removed_ratio=1.0, min_records=0),
        network=NetworkSettings(allow=("10.20.0.0/16", "fd00:1::/32", "127.0.0.1")),
    )


def test_what_is_left_out_has_its_default():
    assert judge("version: 1\n") == (Settings(), ())


@pytest.mark.parametrize(
    ("line", "complaint", "hint"),
    [
        ("prun: true", "1:1 R201 unknown key 'prun'", "did you mean 'prune'?"),
        (
            "guards: {max_remove_ratio: 1}",
            "1:10 R201 unknown key 'max_remove_ratio' in guards",
            "did you mean 'max_removed_ratio'?",
        ),
        (
            "prune: 'true'",
            "1:8 R203 prune must be true or false, not text 'true'",
            "remove the quotes",
        ),
        (
            "parallelism: 0",
            (
                "1:14 R204 parallelism must be a whole number from 1 to 1000, "
                "not the number 0"
            ),
            "",
        ),
        (
            "parallelism: true",
            "1:14 R203 parallelism must be a whole number from 1 to 1000, not true",
            "",
        ),
        (
            "lock_timeout: soon",
            (
                "1:15 R203 lock_timeout must be a duration such as 30s, "
                "from 0s to 24h, not text 'soon'"
            ),
            "",
        ),
        (
            "lock_timeout: 25h",
            (
                "1:15 R204 lock_timeout must be a duration such as 30s, "
                "from 0s to 24h, not text '25h'"
            ),
            "",
        ),
        (
            "guards: {max_removed_ratio: 30}",
            (
                "1:29 R204 guards.max_removed_ratio must be a number from 0 to 1, "
                "not the number 30"
            ),
            "",
        ),
        (
            "network: {allow: 10.0.0.0/8}",
            (
                "1:18 R203 network.allow must be a list of networks such as "
                "10.20.0.0/16, not text '10.0.0.0/8'"
            ),
            "",
        ),
        (
            "network: {allow: [10.20.3.4/16]}",
            (
                "1:18 R204 network.allow must be a list of networks such as "
                "10.20.0.0/16, not a list"
            ),
            "",
        ),
        ("guards: 3", "1:9 R203 guards must be a mapping, not the number 3", ""),
        (
            "version: 2",
            "1:10 R207 version must be the number 1, not the number 2",
            "use version: 1",
        ),
        (
            "version: '1'",
            "1:10 R203 version must be the number 1, not text '1'",
            "use version: 1",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(line, complaint, hint):
    _, (found,) = judge(line + "\n")

    place = f"{found.span.line}:{found.span.column}"
    assert f"{place} {found.code} {found.message}" == complaint
    assert found.hint == hint


def test_all_problems_are_found_in_one_pass():
    _, found = judge("prun: 1\nprune: 3\nguards: {min_records: -1, x: 1}\n")

    assert [item.code for item in found] == ["R201", "R203", "R204", "R201"]


def test_a_password_in_a_store_url_is_not_repeated():
    _, (found,) = judge("state: POSTGRES://me:hunter2@db/x\n")

    assert "hunter2" not in repr(found)


@pytest.mark.parametrize("setting", FIELDS, ids=lambda field: ".".join(field.path))
def test_every_default_is_one_that_the_file_may_say(setting):
    default = default_of(setting)

    if default is not None:
        assert setting.kind(default)
        assert setting.allows(default)
