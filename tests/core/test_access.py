"""Who sees and does what."""

from __future__ import annotations

import pytest

from reconciler.core.access import Role, fits, hash_of, is_token, principal_of
from reconciler.core.policy import Grant, Policy, User

POLICY = Policy(
    admins=("root",),
    users={"anna": User(logins=("anna-at-github",)), "ben": User(logins=("ben",))},
    teams={"fx": ("anna", "ben")},
    owners={
        "user:anna": Grant(paths=("a/**",)),
        "user:ben": Grant(paths=("b/**",)),
        "team:fx": Grant(paths=("f/**",)),
    },
)
OWNERS = ("admin", "user:anna", "user:ben", "team:fx", "user:gone")


@pytest.mark.parametrize(
    ("login", "role", "policy", "seen"),
    [
        ("anna-at-github", Role.OPERATOR, POLICY, {"user:anna", "team:fx"}),
        ("ben", Role.READER, POLICY, {"user:ben", "team:fx"}),
        ("root", Role.READER, POLICY, set(OWNERS)),
        ("stranger", Role.OPERATOR, POLICY, set()),
        ("stranger", Role.ADMIN, POLICY, set(OWNERS)),
        ("anna", Role.READER, None, {"user:anna"}),
        ("admin", Role.READER, None, set(OWNERS)),
        ("stranger", Role.OPERATOR, None, set()),
    ],
)
def test_one_sees_what_belongs_to_oneself_and_admins_see_all(login, role, policy, seen):
    principal = principal_of(login, role, policy=policy)

    assert {owner for owner in OWNERS if principal.may_see(owner)} == seen


def test_a_reader_only_looks():
    acts = [r for r in Role if principal_of("x", r, policy=None).may_act]

    assert acts == [Role.OPERATOR, Role.ADMIN]


def test_a_hash_fits_its_token_only():
    token = "rct_" + "a" * 43

    assert is_token(token)
    assert fits(hash_of(token), hash_of(token))
    assert not fits(hash_of(token), hash_of(token[:-1] + "b"))
    assert not fits("", hash_of(token))
