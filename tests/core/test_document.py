from datetime import UTC, datetime

import pytest

from reconciler.adapters.documents import parse
from reconciler.core.connection import Connection, HealthPolicy, Permissions
from reconciler.core.document import to_connection
from reconciler.core.suspension import Suspension

FULL = """\
version: 1
name: binance-main
type: ccxt_crypto
provider: binance
owner: user:alice
active: false
protected: true
labels: {desk: spot, env: prod}
credentials:
  api_key: "ENC[x]"
  timeout: 30
binding: "ENC[y]"
config: {sandbox: false, timeout: 20}
permissions: {require: [read], forbid: [trade, withdraw], ip_restricted: true}
health: {interval: 15m, stale_after: 86400, failure_threshold: 4, success_threshold: 1}
settings:
  symbols: [BTC/USDT, ETH/USDT]
  timeframes: [1m, 4h]
expires: "2027-01-31"
sops: {anything: {goes: [1, 2]}}
"""
MOMENT = 'text: a moment such as "2026-12-24T18:00:00Z"'
HEAD = "type: ccxt_crypto\nprovider: binance\n"


def judge(text, stem="x"):
    source, problems = parse(text, file="x.yaml")
    assert problems == ()
    return to_connection(source, stem=stem)


def complaints(text, stem="x"):
    connection, found = judge(text, stem)
    assert connection is None
    return [
        f"{item.span.line}:{item.span.column} {item.code} {item.message}"
        for item in found
    ]


def hint(text):
    return judge(text)[1][0].hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "suspend: true",
            "3:10 R203 suspend must be a mapping with a reason, not true",
        ),
        ("suspend: {by: alice}", "3:10 R202 suspend.reason is missing"),
        (
            'suspend: {reason: r, until: "2026-12-24"}',
            f"3:29 R204 suspend.until must be {MOMENT}, not text '2026-12-24'",
        ),
    ],
)
def test_a_suspension_that_says_too_little_is_an_error(text, said):
    assert complaints(f"{HEAD}{text}\n") == [said]


def test_a_suspension_is_read_in_utc():
    text = 'suspend: {reason: r, until: "2026-12-24T18:00:00+01:00", by: alice}'
    connection, _ = judge(f"{HEAD}{text}\n")

    assert connection.suspension == Suspension(
        who="alice",
        reason="r",
        until=datetime(2026, 12, 24, 17, tzinfo=UTC),
        declared=True,
    )


def test_a_full_document_becomes_a_connection():
    connection, found = judge(FULL, stem="binance-main")

    assert found == ()
    assert connection == Connection(
        name="binance-main",
        type="ccxt_crypto",
        provider="binance",
        owner="user:alice",
        active=False,
        protected=True,
        labels={"desk": "spot", "env": "prod"},
        credential_names=("api_key", "timeout"),
        config={"sandbox": False, "timeout": 20},
        permissions=Permissions(
            require=("read",), forbid=("trade", "withdraw"), ip_restricted=True
        ),
        health=HealthPolicy(
            interval_s=900, stale_after_s=86_400, failure_threshold=4,
            success_threshold=1,
        ),
        symbols=("BTC/USDT", "ETH/USDT"),
        timeframes=("1m", "4h"),
        expires_at=datetime(2027, 2, 1, tzinfo=UTC),
    )  # fmt: skip


def test_the_defaults_are_those_of_the_values():
    connection, _ = judge(HEAD, stem="x")

    assert connection == Connection(name="x", type="ccxt_crypto", provider="binance")


def test_every_problem_is_found_in_one_pass():
    text = """\
version: 1
name: Binance
type: ccxt_crypto
ownr: admin
active: "true"
labels: {desk: 3}
credentials:
  api_key: {nested: hunter2}
permissions: {forbid: [withdrawal, trade, trade], ip_restricted: "yes"}
health: {interval: abc, stale_after: 1s, failure_threshold: "3", symbols: 1}
settings: {symbols: [BTC, BTC, 3], timeframes: 1m}
expires: "2027-02-30"
binding: 3
"""

    assert complaints(text) == [
        "1:1 R202 provider is missing",
        (
            "2:7 R204 name must be text of at most 63 lower-case letters, digits, '.', "
            "'_' and '-' that begins with a letter or a digit, not text 'Binance'"
        ),
        "4:1 R201 unknown key 'ownr'",
        "5:9 R203 active must be true or false, not text 'true'",
        "6:16 R203 labels.desk must be one line of text, not the number 3",
        "8:12 R203 credentials.api_key must be one sealed value",
        (
            "9:24 R204 permissions.forbid[0] must be read, trade or withdraw, "
            "not text 'withdrawal'"
        ),
        "9:43 R204 permissions.forbid holds text 'trade' twice",
        "9:66 R203 permissions.ip_restricted must be true or false, not text 'yes'",
        (
            "10:20 R203 health.interval must be a duration such as 15m, "
            "from 10s to 7d, not text 'abc'"
        ),
        (
            "10:38 R204 health.stale_after must be a duration such as 15m, "
            "from 1m to 366d, not text '1s'"
        ),
        (
            "10:61 R203 health.failure_threshold must be a whole number from 1 to 100, "
            "not text '3'"
        ),
        "10:66 R201 unknown key 'symbols' in health",
        "11:27 R204 settings.symbols holds text 'BTC' twice",
        (
            "11:32 R203 settings.symbols[2] must be a symbol: one line of text, "
            "not the number 3"
        ),
        ("11:48 R203 settings.timeframes must be a list of timeframes, not text '1m'"),
        (
            '12:10 R204 expires must be text: a day such as "2027-01-31", '
            "not text '2027-02-30'"
        ),
        "13:10 R203 binding must be one sealed value",
    ]


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("ownr: admin", "did you mean 'owner'?"),
        ("Active: true", "did you mean 'active'?"),
        ("is_active: true", "did you mean 'active'?"),
        ("is_admin_owned: true", "write 'owner: admin' or 'owner: user:NAME'"),
        ("last_error: oops", "remove it: the store and the report keep it"),
        ("symbols: [A]", "it belongs to settings"),
        ("health: {owner: admin}", "it belongs to the top level"),
        ("health: {intervall: 3m}", "did you mean 'interval'?"),
        ("permissions: {forbid: [withdrawal]}", "did you mean 'withdraw'?"),
        ("active: 'true'", "remove the quotes"),
        ("active: 'yes'", "write true or false"),
        ("health: {failure_threshold: '3'}", "remove the quotes"),
        ("owner: 3", "put it in quotes"),
        ("name:", "give it a value, or remove the key"),
        ("binding:", "give it a value, or remove the key"),
        ("sops:", "give it a value, or remove the key"),
        ("labels:", "give it a value, or remove the key"),
    ],
)
def test_a_hint_says_how_to_mend_it(line, advice):
    assert hint(f"{HEAD}{line}\n") == advice


def test_an_unknown_key_that_is_like_nothing_gets_the_list():
    assert hint(f"{HEAD}health: {{zzz: 1}}\n") == (
        "known here: failure_threshold, interval, retry_interval, stale_after, "
        "success_threshold"
    )


@pytest.mark.parametrize("key", ["credentials", "binding", "sops"])
def test_values_that_may_be_secret_are_never_shown(key):
    for text in ("hunter2", "{a: {b: hunter2}}", "[hunter2]", "{a: [hunter2]}"):
        _, found = judge(f"{HEAD}{key}: {text}\n")

        assert "hunter2" not in repr(found)


@pytest.mark.parametrize("name", ["Main", "-a", "a b", "a" * 64, "é"])
def test_a_stem_that_is_no_name_is_refused(name):
    _, (found,) = judge(HEAD, stem=name)

    assert (found.code, found.hint) == ("R204", "rename the file")


def test_a_name_that_differs_from_the_stem_is_refused():
    assert complaints(f"name: other\n{HEAD}") == [
        "1:7 R205 name is 'other', but the file's stem is 'x'"
    ]


def test_a_document_without_a_file_must_carry_its_name():
    assert complaints(HEAD, stem="") == ["1:1 R202 name is missing"]


def test_another_version_is_all_that_is_said():
    assert complaints(f"version: 2\nfuture: 1\n{HEAD}") == [
        "1:10 R207 version must be 1, not the number 2"
    ]


@pytest.mark.parametrize("version", ["'1'", "true", "1.0", "[1]"])
def test_a_version_of_the_wrong_kind_is_no_other_version(version):
    _, (found,) = judge(f"version: {version}\n{HEAD}")

    assert found.code == "R203"


def test_contradictions_are_found_between_sound_fields():
    text = f"""{HEAD}\
permissions: {{require: [read, trade], forbid: [trade]}}
health: {{interval: 2d}}
"""

    assert complaints(text) == [
        "3:48 R204 permission 'trade' is both required and forbidden",
        "4:20 R204 health.stale_after must not be shorter than health.interval",
    ]


def test_a_number_that_json_readers_round_is_refused():
    assert complaints(f"{HEAD}config: {{a: [{{b: 9007199254740993}}]}}\n") == [
        "3:18 R204 config.a[0].b is a number beyond 2**53, which JSON readers round"
    ]


def test_control_characters_never_reach_a_terminal():
    _, found = judge(f'{HEAD}labels: {{a: "\\e[31mred", "\\a": b}}\n')

    assert [item.code for item in found] == ["R204", "R204"]
    assert all(item.message.isprintable() for item in found)


@pytest.mark.parametrize("owner", ["admin", "user:alice", "team:a.b@c-d_E"])
def test_an_owner_is_admin_a_user_or_a_team(owner):
    assert judge(f"{HEAD}owner: {owner}\n")[0].owner == owner


@pytest.mark.parametrize("owner", ["root", "'user:'", "'user:a b'", "team", "Admin"])
def test_any_other_owner_is_refused(owner):
    assert complaints(f"{HEAD}owner: {owner}\n")[0].startswith(
        "3:8 R204 owner must be text: admin, user:NAME or team:NAME"
    )


def test_two_keys_of_credentials_are_credential_names_in_file_order():
    connection, _ = judge(f"{HEAD}credentials: {{z: a, a: 1, m: true}}\n")

    assert connection.credential_names == ("z", "a", "m")
