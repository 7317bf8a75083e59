"""`reconcile doctor`: look at everything that the work hangs on, and say what to do.

Each check stands alone: one that cannot be made says so and keeps no other from
being made. Nothing is written, and nobody is asked unless `network` is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reconciler.checkup import files, keys, network, place, state
from reconciler.core.checkup import Check, broken
from reconciler.core.errors import DocumentError, ReconcilerError
from reconciler.wiring import App

Examination = Callable[[App], Iterable[Check]]

_EXAMINATIONS: tuple[tuple[str, Examination], ...] = (
    ("versions", place.versions),
    ("settings", files.settings),
    ("files", files.documents),
    ("git", files.repository),
    ("keys", keys.identities),
    ("state", state.store),
    ("clock", state.clock),
    ("machine", place.limits),
)


def examine(app: App, *, ask_network: bool = False) -> tuple[Check, ...]:
    """Return what was found, in the order in which the work needs it."""
    wanted = list(_EXAMINATIONS)
    if ask_network:
        wanted.append(("egress", network.egress))
    return tuple(check for area, look in wanted for check in _safely(app, area, look))


def _safely(app: App, area: str, look: Examination) -> Iterator[Check]:
    try:
        yield from look(app)
    except DocumentError as error:
        first = error.diagnostics[0]
        text = f"{first.span}: {first.code} {first.message}"
        yield broken(area, text, first.hint or "run 'reconcile validate'")
    except ReconcilerError as error:
        yield broken(area, str(error), "")
    except Exception as error:  # noqa: BLE001  # one broken check is a finding, too
        what = f"cannot be examined: {type(error).__name__}"
        yield broken(area, what, "report it as a bug of reconcile")
