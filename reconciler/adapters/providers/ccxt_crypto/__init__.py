"""Exchanges through ccxt: `ADAPTER` is what the entry point names."""

from reconciler.adapters.providers.ccxt_crypto.adapter import CcxtAdapter

ADAPTER = CcxtAdapter()
