"""REST feeds described by configuration: `ADAPTER` is what the entry point names."""

from reconciler.adapters.providers.custom_api.adapter import CustomApiAdapter

ADAPTER = CustomApiAdapter()
