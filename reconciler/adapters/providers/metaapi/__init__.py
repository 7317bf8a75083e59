"""MT4/MT5 accounts hosted at MetaApi.cloud: `ADAPTER` is what the entry point names."""

from reconciler.adapters.providers.metaapi.adapter import MetaApiAdapter

ADAPTER = MetaApiAdapter()
