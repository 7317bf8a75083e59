"""`policy.yaml`: read strictly, every problem in one pass."""

import pytest

from reconciler.adapters.documents import parse
from reconciler.core.policy import Grant, User
from reconciler.core.policy_document import to_policy

GOOD = """\
version: 1
admins: [anna-gh]
recipients: [age1ci]
users:
  alice: {logins: [alice-gh], recipients: [age1alice]}
  bob: {logins: [bob-gh]}
teams: {fx: [alice, bob]}
owners:
  user:alice:
    paths: [connections.d/alice/**]
    types: [ccxt_crypto]
    hosts: ["*.example.com"]
    forbid: [withdraw]
  team:fx: {paths: [connections.d/fx/**]}
"""


def read(text):
    source, problems = parse(text, file="policy.yaml")
    assert problems == ()
    return to_policy(source)


def test_a_full_policy_is_read():
    policy, found = read(GOOD)

    assert found == ()
    assert policy.admins == ("anna-gh",)
    assert policy.users["alice"] == User(
        logins=("alice-gh",), recipients=("age1alice",)
    )
    assert policy.teams == {"fx": ("alice", "bob")}
    assert policy.owners["user:alice"] == Grant(
        paths=("connections.d/alice/**",), types=("ccxt_crypto",),
        hosts=("*.example.com",), forbid=("withdraw",),
    )  # fmt: skip
    assert "protected" in policy.admin_fields


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("admins: [anna-gh]\n", "", "R202 admins is missing"),
        ("admins:", "admin:", "R201 unknown key 'admin'"),
        ("[anna-gh]", "anna-gh", "R203 admins must be a list of texts"),
        ("[anna-gh]", "[1]", "R203 admins"),
        ("version: 1", "version: 2", "R207"),
        ("[alice, bob]", "[alice, bobb]", "R204 there is no user 'bobb'"),
        ("user:alice:", "user:alicia:", "R204 there is no user 'alicia'"),
        ("team:fx:", "team:fy:", "R204 there is no team 'fy'"),
        ("team:fx:", "fx:", "R204"),
        ("    paths: [connections.d/alice/**]\n", "", "R202"),
        ("[withdraw]", "[fly]", "R204 owners"),
        ("{logins: [bob-gh]}", "[bob-gh]", "R203 users.bob must be a mapping"),
        ("    types:", "    typs:", "R201"),
    ],
)
def test_each_mistake_is_named_with_its_place(old, new, said):
    assert old in GOOD
    policy, found = read(GOOD.replace(old, new, 1))

    assert policy is None
    texts = [f"{one.code} {one.message}" for one in found]
    assert any(text.startswith(said) for text in texts), texts
    assert all(one.span.line > 0 for one in found)


def test_all_mistakes_come_in_one_pass():
    _, found = read(GOOD.replace("[withdraw]", "[fly]").replace("version: 1", "x: 1"))

    assert {one.code for one in found} == {"R201", "R204"}
