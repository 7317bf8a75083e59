"""A loopback world of providers: what tests, the demo and newcomers talk to.

One TLS port on 127.0.0.1 plays ten exchanges, an MT bridge, MetaApi and in-house
feeds, by host name, with real signature checks, its own certificate authority and
faults that can be switched on, for a provider or for one key. A client reaches it
unmodified: it resolves every name to `127.0.0.1:info.port` and trusts `info.ca_file`
only. All that is in the file `sandbox.json`, which exists exactly while the sandbox
runs.

Importing this package is cheap; the server loads when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS, Account, sandbox_account
from reconciler.sandbox.info import SandboxInfo
from reconciler.sandbox.remote import (
    clear_faults,
    list_faults,
    list_requests,
    put_fault,
)

if TYPE_CHECKING:
    from reconciler.sandbox.faults import Fault
    from reconciler.sandbox.record import RecordedRequest
    from reconciler.sandbox.running import Sandbox, running_sandbox, serve

_ON_FIRST_USE = {
    "Fault": "reconciler.sandbox.faults",
    "RecordedRequest": "reconciler.sandbox.record",
    "Sandbox": "reconciler.sandbox.running",
    "running_sandbox": "reconciler.sandbox.running",
    "serve": "reconciler.sandbox.running",
}

__all__ = [
    "SANDBOX_ACCOUNTS",
    "Account",
    "Fault",
    "RecordedRequest",
    "Sandbox",
    "SandboxInfo",
    "clear_faults",
    "list_faults",
    "list_requests",
    "put_fault",
    "running_sandbox",
    "sandbox_account",
    "serve",
]


def __getattr__(name: str) -> Any:
    """Load the server's modules when one of their names is first used."""
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_ON_FIRST_USE[name]), name)
