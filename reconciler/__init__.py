"""GitOps for market-data connections: tested before they go live.

The nouns, in the order in which data flows:

* A **document** is one YAML file in `connections.d/`, as its author wrote it.
* A **connection** (`core.connection`) is what a valid document declares. Its
  credentials stay sealed (`adapters.sops`) until a test needs them.
* A **plan** (`core.plan`) holds the **changes** that would make the **records** of
  the **store** agree with the documents, each with an action and a reason.
* A **test** climbs a ladder of **probes** (`core.verdict`) and ends in a verdict;
  a failed probe carries a **diagnosis** (`core.diagnosis`) with its fix.
* An **outcome** (`core.outcome`) is what happened to one change; a **report**
  (`core.run`) is what a run found, on three axes per connection.

`pipeline` shows the phases in order and is the file to read first; `wiring` is the
only place that knows concrete adapters.

A program that wants candles:

    from reconciler import open_connection

    async with open_connection("binance-main") as connection:
        candles = await connection.candles("BTC/USDT", "1h", limit=100)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.core.version import VERSION

if TYPE_CHECKING:
    from reconciler.program import open_connection

__version__ = VERSION
__all__ = ["__version__", "open_connection"]


def __getattr__(name: str) -> Any:
    """Load the public function on first use: the import itself stays light."""
    if name == "open_connection":
        from reconciler.program import open_connection  # noqa: PLC0415

        return open_connection
    raise AttributeError(f"module 'reconciler' has no attribute {name!r}")
