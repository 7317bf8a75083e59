"""Every page, made from the samples as they are or made hostile."""

from dataclasses import replace

from reconciler.report.html.plan import plan_html
from tests.report import report_samples as some
from tests.report.test_laws import HOSTILE

__all__ = ["FILES", "HOSTILE", "PAGES"]

PLAN = replace(
    some.PLAN,
    workspace="main",
    changes=(*some.PLAN.changes, some.a_change("kraken", notes=("look at it",))),
    waiting=(some.a_change("bybit"),),
    refusals=(some.REFUSAL,),
    scope=some.PARTIAL,
    unmanaged=("theirs",),
    invalid=("broken",),
    warnings=("a key ends soon",),
    commit="c0ffee",
)
FILES = {"plan": lambda v: plan_html(v(PLAN))}
PAGES = {}
