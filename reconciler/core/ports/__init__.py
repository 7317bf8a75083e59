"""What the pipeline needs from the outside world, as Protocols.

Nothing here is implemented here; `wiring` picks the adapters, tests pass fakes.
"""

from reconciler.core.ports.documents import (
    Desired,
    DesiredHead,
    DesiredSet,
    DocumentSource,
    Unsealed,
    Unsealer,
)
from reconciler.core.ports.outside import Clock, Ports
from reconciler.core.ports.providing import (
    Adapter,
    Ask,
    Finding,
    ProviderInfo,
    Sample,
    Session,
)
from reconciler.core.ports.storing import LockInfo, StateStore, StoreInfo
from reconciler.core.ports.testing import Connectivity, Job, Observer, Sampler, Tester

__all__ = [
    "Adapter",
    "Ask",
    "Clock",
    "Connectivity",
    "Desired",
    "DesiredHead",
    "DesiredSet",
    "DocumentSource",
    "Finding",
    "Job",
    "LockInfo",
    "Observer",
    "Ports",
    "ProviderInfo",
    "Sample",
    "Sampler",
    "Session",
    "StateStore",
    "StoreInfo",
    "Tester",
    "Unsealed",
    "Unsealer",
]
