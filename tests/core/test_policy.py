"""Who may own and change what."""

from dataclasses import replace

import pytest

from reconciler.core.connection import Connection, Permissions
from reconciler.core.policy import (
    Grant,
    Policy,
    Standing,
    User,
    breaches_of,
    change_breaches,
    matches,
    owners_of,
)

CI, ANNA, ALICE, BOB = "age1ci", "age1anna", "age1alice", "age1bob"
POLICY = Policy(
    admins=("anna-gh",),
    users={
        "anna": User(logins=("anna-gh",), recipients=(ANNA,)),
        "alice": User(logins=("alice-gh", "alice2"), recipients=(ALICE,)),
        "bob": User(logins=("bob-gh",), recipients=(BOB,)),
    },
    teams={"fx": ("alice", "bob")},
    owners={
        "user:alice": Grant(
            paths=("connections.d/alice/**",),
            types=("ccxt_crypto", "custom_api"),
            hosts=("*.example.com",),
            forbid=("withdraw",),
        ),
        "team:fx": Grant(paths=("connections.d/fx/*.yaml",)),
    },
    recipients=(CI,),
)


def standing(owner="user:alice", file="connections.d/alice/a.yaml", **more):
    keys = more.pop("recipients", (CI, ALICE) if owner == "user:alice" else (CI,))
    data = more.pop("data", {})
    fields = {"permissions": Permissions(forbid=("withdraw",)), **more}
    connection = Connection(
        name="a", type=fields.pop("type", "ccxt_crypto"), provider="binance",
        owner=owner, **fields,
    )  # fmt: skip
    return Standing(file=file, connection=connection, data=data, recipients=keys)


def codes(one):
    return [breach.code for breach in breaches_of(POLICY, one)]


def test_a_file_as_the_policy_wants_it_has_no_breach():
    assert codes(standing()) == []
    assert codes(standing("team:fx", "connections.d/fx/x.yaml")) == []
    assert codes(standing("admin", "connections.d/top.yaml")) == []


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (standing("user:mallory", "connections.d/m.yaml"), ["R501"]),
        (standing(file="connections.d/b.yaml"), ["R502"]),
        (standing("admin", "connections.d/alice/x.yaml"), ["R502"]),
        (standing(file="connections.d/fx/x.yaml"), ["R502", "R502"]),
        (standing(recipients=(CI, ALICE, BOB)), ["R503"]),
        (standing(recipients=("age1who",)), ["R503"]),
        (standing("admin", "connections.d/x.yaml", recipients=(ALICE,)), ["R503"]),
        (standing(recipients=(ANNA,)), ["R503"]),
        (standing(type="mtapi"), ["R504"]),
        (standing(permissions=Permissions(forbid=())), ["R505"]),
        (standing(permissions=Permissions(forbid=("trade",))), ["R505"]),
        (standing(permissions=Permissions(require=("withdraw",))), ["R505"]),
        (standing(permissions=Permissions()), []),
        (standing(config={"endpoint": "https://thief.test/v1"}), ["R506"]),
        (standing(config={"a": [{"b": "http://10.0.0.1"}]}), ["R506"]),
        (standing(credential_names=("api_key", "endpoint")), ["R506"]),
        (standing(data={"protected": True}), ["R507"]),
        (standing(data={"config": {"proxy": "http://p"}}), ["R507"]),
    ],
)
def test_each_breach_has_its_code(one, expected):
    assert codes(one) == expected


def test_what_is_allowed_by_host_and_by_an_admin_stands():
    good = standing(config={"endpoint": "https://md.example.com/v1"})
    theirs = standing("admin", "connections.d/x.yaml", data={"protected": True})

    assert codes(good) == []
    assert codes(theirs) == []
    assert codes(standing(data={"protected": False})) == []


def change(actor, before, after):
    return [one.code for one in change_breaches(POLICY, actor, before, after)]


MINE, OURS = standing(), standing("team:fx", "connections.d/fx/x.yaml")
TOP = standing("admin", "connections.d/top.yaml")
STOLEN = replace(MINE, connection=replace(MINE.connection, owner="team:fx"))


@pytest.mark.parametrize(
    ("actor", "before", "after", "expected"),
    [
        ("alice-gh", MINE, MINE, []),
        ("alice2", None, MINE, []),
        ("alice-gh", MINE, None, []),
        ("bob-gh", OURS, OURS, []),
        ("anna-gh", MINE, STOLEN, []),
        ("bob-gh", MINE, MINE, ["R510"]),
        ("bob-gh", None, MINE, ["R510"]),
        ("bob-gh", MINE, None, ["R510"]),
        ("alice-gh", TOP, TOP, ["R510"]),
        ("stranger", OURS, OURS, ["R510"]),
        ("alice-gh", MINE, STOLEN, ["R511"]),
        ("bob-gh", MINE, STOLEN, ["R511", "R510"]),
    ],
)
def test_only_owners_and_admins_change_a_file(actor, before, after, expected):
    assert change(actor, before, after) == expected


def test_what_is_theirs_is_known_by_login():
    assert owners_of(POLICY, "alice-gh") == {"user:alice", "team:fx"}
    assert owners_of(POLICY, "bob-gh") == {"team:fx"}
    assert owners_of(POLICY, "anna-gh") == {"admin", "user:alice", "team:fx"}
    assert owners_of(POLICY, "stranger") == frozenset()


@pytest.mark.parametrize(
    ("pattern", "file", "expected"),
    [
        ("connections.d/alice/**", "connections.d/alice/a/b.yaml", True),
        ("connections.d/alice/**", "connections.d/alice2/a.yaml", False),
        ("connections.d/*.yaml", "connections.d/a/b.yaml", False),
        ("**/x.yaml", "x.yaml", True),
        ("a.b", "aXb", False),
        ("c?", "cd", True),
    ],
)
def test_globs_stay_within_their_folders(pattern, file, expected):
    assert matches(pattern, file) is expected
