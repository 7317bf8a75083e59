"""A key's rights against its file's budget, and when a key ends."""

from datetime import UTC, datetime
from itertools import product

import pytest

from reconciler.core.connection import Permissions
from reconciler.core.permissions import (
    RIGHTS,
    KeyFacts,
    judge_key,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
READ_ONLY = KeyFacts(read=True, trade=False, withdraw=False, ip_restricted=True)
STRICT = Permissions(require=("read",), forbid=("trade", "withdraw"))


def test_a_read_only_key_is_what_a_strict_file_wants():
    found = judge_key(STRICT, READ_ONLY)

    assert (found.excess, found.missing, found.unknown) == ((), (), ())


def test_every_combination_of_rights_is_judged_by_what_it_is():
    for read, trade, withdraw in product((True, False, None), repeat=3):
        facts = KeyFacts(read=read, trade=trade, withdraw=withdraw)
        found = judge_key(STRICT, facts)

        told = {"read": read, "trade": trade, "withdraw": withdraw}
        assert found.excess == tuple(r for r in ("trade", "withdraw") if told[r])
        assert found.missing == (("read",) if read is False else ())
        assert found.unknown == tuple(r for r in RIGHTS if told[r] is None)


@pytest.mark.parametrize(("told", "open_to_all", "unknown"), [
    (True, False, ()), (False, True, ()), (None, False, ("ip_restricted",)),
])  # fmt: skip
def test_an_address_list_is_asked_for_only_when_declared(told, open_to_all, unknown):
    facts = KeyFacts(withdraw=False, ip_restricted=told)

    found = judge_key(Permissions(ip_restricted=True), facts)
    silent = judge_key(Permissions(), facts)

    assert (found.open_to_all, found.unknown) == (open_to_all, unknown)
    assert (silent.open_to_all, silent.unknown) == (False, ())


@pytest.mark.parametrize(("declared", "excess", "dangerous"), [
    (Permissions(), ("withdraw",), ()),
    (Permissions(require=("read",)), ("withdraw",), ()),
    (Permissions(forbid=()), (), ()),
    (Permissions(require=("withdraw",)), (), ()),
    (Permissions(forbid=("trade",)), (), ("withdraw",)),
    (STRICT, ("withdraw",), ()),
])  # fmt: skip
def test_withdrawing_is_forbidden_unless_the_file_says_otherwise(
    declared, excess, dangerous
):
    found = judge_key(declared, KeyFacts(read=True, trade=False, withdraw=True))

    assert (found.excess, found.dangerous) == (excess, dangerous)


def test_a_right_forbidden_by_default_that_nobody_tells_of_is_unknown():
    found = judge_key(Permissions(), KeyFacts(read=True))

    assert (found.excess, found.unknown) == ((), ("withdraw",))
