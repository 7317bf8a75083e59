"""Every page, made from the samples as they are or made hostile."""

from dataclasses import replace

from reconciler.core.ports import Ask
from reconciler.core.query import Query, Table, ask
from reconciler.core.record import Unable
from reconciler.core.statistics import Statistics
from reconciler.core.suspension import Suspension
from reconciler.report.html.detail import Detail, Said, detail_page
from reconciler.report.html.listing import FIRST, Listing, distinct, list_page
from reconciler.report.html.plan import plan_html
from reconciler.report.html.run import run_html
from reconciler.report.html.toolkit import Shell
from tests.report import report_samples as some

PLAN = replace(
    some.PLAN,
    workspace="main",
    changes=(*some.PLAN.changes, some.a_change("kraken", notes=("look at it",))),
    waiting=(some.a_change("bybit"),),
    suspended=(some.a_change("gate"),),
    refusals=(some.REFUSAL,),
    scope=some.PARTIAL,
    unmanaged=("theirs",),
    invalid=("broken",),
    warnings=("a key ends soon",),
    commit="c0ffee",
)
ROWS = (
    *some.ROWS,
    some.a_row(
        "held",
        labels={"env": "prod"},
        warnings=("a key ends soon",),
        suspension=Suspension(who="ann", reason="moving"),
        unable=Unable(since=some.NOW, diagnosis=some.BAD_KEY),
    ),
)
SHELL = Shell(
    title="A page",
    workspace="main",
    assets="/static",
    home="/",
    links=(("Connections", "/"), ("Daemon", "/daemon")),
    user="ann (admin)",
    logout="/logout",
)


def the_list(how):
    rows = how(ROWS)
    query = Query(sort=FIRST, text=how("o"), owner=(how("admin"),), limit=2)
    listing = Listing(
        query=query,
        answer=ask(Table(rows), Query(sort=FIRST, limit=2)),
        all=len(rows),
        as_of=some.NOW,
        now=some.NOW,
        latencies_ms={row.name: (41, 80) for row in rows},
        owners=distinct(row.owner for row in rows),
        types=distinct(row.type for row in rows),
        providers=distinct(row.provider for row in rows),
        notice=how("the store is away"),
    )
    return list_page(SHELL, listing)


def the_detail(how):
    stats = Statistics(latencies_ms="41 80")
    record = replace(how(some.RECORD), stats=stats)
    detail = Detail(
        row=how(ROWS[-2]),
        record=record,
        now=some.NOW,
        actions=how(some.ACTIONS),
        sealed=(how("api_key"),),
        may_act=True,
        said=Said(tone="ok", text=how("done")),
        asked=Ask(symbol=how("BTC/USDT"), timeframe=how("1h")),
        sample=how(some.SAMPLE),
    )
    return detail_page(SHELL, detail, address="/connections/okx-spot")


def the_run(how):
    report = some.a_report(
        ROWS, diagnostics=some.PROBLEMS, refusals=(some.REFUSAL,), error="the disk"
    )
    shown = how(report)
    stats = Statistics(latencies_ms="41 80")
    records = {
        row.name: replace(how(some.RECORD), stats=stats) for row in shown.connections
    }
    return run_html(shown, records=records)


FILES = {"plan": lambda how: plan_html(how(PLAN)), "run": the_run}
PAGES = {"list": the_list, "connection": the_detail}
