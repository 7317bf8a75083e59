"""MT4/MT5 accounts behind a REST bridge: `ADAPTER` is what the entry point names."""

from reconciler.adapters.providers.mtapi.adapter import MtapiAdapter

ADAPTER = MtapiAdapter()
