"""No fault that the sandbox can make at a MetaTrader door is taken for a success."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.metatrader.hours import reopening
from reconciler.core.connection import Permissions
from reconciler.core.diagnosis import Category
from reconciler.core.verdict import ProbeName, ProbeStatus
from reconciler.sandbox import Fault
from reconciler.sandbox.faults import CONNECTION_FAULTS
from tests.adapters.providers.conformance import run_test
from tests.adapters.providers.test_conformance import SUBJECTS as OTHERS
from tests.adapters.providers.test_metatrader_conformance import SUBJECTS

DOORS = {"v1": OTHERS["mtapi"], **{n: SUBJECTS[n] for n in ("mt5", "mt4", "metaapi")}}
HARMLESS = {Fault.SLOW, Fault.CLOCK_SKEW, Fault.WRONG_PERMISSIONS}
PLACES = [
    (fault, endpoint)
    for fault in Fault
    if fault not in HARMLESS
    for endpoint in ((None,) if fault in CONNECTION_FAULTS else (None, "candles"))
]


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
@pytest.mark.parametrize(("fault", "endpoint"), PLACES)
def test_a_fault_is_never_a_success(sandbox, name, fault, endpoint):
    sandbox.set_fault(DOORS[name].provider, fault, endpoint=endpoint)

    verdict = try_door(name, sandbox)

    if fault is Fault.MAINTENANCE and reopening(SystemClock().now()):
        # At a weekend a bridge that does not serve is a closed market.
        data = next(p for p in verdict.probes if p.name is ProbeName.DATA)
        assert data.status is not ProbeStatus.PASSED
    else:
        assert not verdict.passed
        assert verdict.diagnosis.fix


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
