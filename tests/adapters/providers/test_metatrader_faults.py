"""What a login to MetaTrader may do, at each door; faults: `cli/test_every_fault`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.connection import Permissions
from reconciler.core.diagnosis import Category
from tests.adapters.providers.conformance import run_test
from tests.adapters.providers.test_conformance import SUBJECTS as OTHERS
from tests.adapters.providers.test_metatrader_conformance import SUBJECTS

DOORS = {"v1": OTHERS["mtapi"], **{n: SUBJECTS[n] for n in ("mt5", "mt4", "metaapi")}}


def try_door(name, sandbox, **changes):
    """Return the verdict of one door, in a hurry."""
    subject = DOORS[name]
    hurry = {"timeout": 1.0}
    hurry |= {"connect_timeout": 1.0} if subject.provider == "mtapi-native" else {}
    plain = {k: v for k, v in subject.credentials.items() if k != "timeout"}
    connection = replace(
        subject.connection,
        config={**subject.connection.config, **hurry},
        symbols=subject.connection.symbols[:1],
        timeframes=subject.connection.timeframes[:1],
        **changes,
    )
    return run_test(subject, sandbox, connection=connection, credentials=plain)


@pytest.mark.parametrize("name", DOORS)
def test_without_a_fault_each_passes(sandbox, name):
    assert try_door(name, sandbox).passed


@pytest.mark.parametrize("name", DOORS)
def test_a_login_that_got_more_rights_is_refused(sandbox, name):
    forbidden = Permissions(require=("read",), forbid=("trade", "withdraw"))

    before = try_door(name, sandbox, permissions=forbidden)
    sandbox.set_fault(DOORS[name].provider, "wrong_permissions")
    after = try_door(name, sandbox, permissions=forbidden)

    assert before.passed
    assert after.diagnosis.category is Category.EXCESS_PERMISSION
    assert "investor password" in after.diagnosis.fix
