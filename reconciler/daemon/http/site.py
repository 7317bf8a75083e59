"""What every answer needs: the daemon, its connections, and who may ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from starlette.requests import Request

from reconciler.core.access import Principal
from reconciler.core.http_settings import HttpSection
from reconciler.core.policy import Policy
from reconciler.core.ports import Clock, StateStore
from reconciler.daemon.control import Control
from reconciler.daemon.http.limits import Limits, Rate
from reconciler.daemon.http.meter import Meter
from reconciler.daemon.http.problems import Problem
from reconciler.daemon.http.sessions import Sessions
from reconciler.daemon.http.view import View

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the files say of who may ask; replaced as a whole when they change.

    `folder` is where the policy lies, `policy_stamp` tells its file from a newer one.
    """

    section: HttpSection = field(default_factory=HttpSection)
    policy: Policy | None = None
    folder: Path = field(default_factory=Path)
    policy_stamp: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Site:
    """One daemon as it is served.

    `speaks_tls` tells whether it has a certificate of its own;
    `operator` is the login of whoever runs the daemon: on loopback without tokens,
    everybody who can ask is them. `executor` runs what would hold up the loop.
    """

    control: Control
    view: View
    store: StateStore
    clock: Clock
    executor: Executor
    operator: str
    rules: Rules = field(default_factory=Rules)
    speaks_tls: bool = False
    loopback: bool = True
    clock_s: Callable[[], float] = time.monotonic
    limits: Limits = field(default_factory=Limits)
    meter: Meter = field(default_factory=Meter)
    sessions: Sessions = field(init=False)
    requests: Rate = field(init=False)
    actions: Rate = field(init=False)
    failures: Rate = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.clock_s)
        self.requests = Rate(self.clock_s)
        self.actions = Rate(self.clock_s)
        self.failures = Rate(self.clock_s)

    @property
    def secure(self) -> bool:
        """Tell whether browsers speak TLS to it, or to a proxy in front of it."""
        return self.speaks_tls or self.rules.section.behind_proxy

    @property
    def is_open(self) -> bool:
        """Tell whether whoever can connect is the operator: on loopback, no tokens."""
        section = self.rules.section
        return self.loopback and not section.tokens and not section.behind_proxy

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what would hold up the loop, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, lambda: work(*args, **kwargs))


def site_of(request: Request) -> Site:
    """Return what is served."""
    site: Site = request.scope["state"]["site"]
    return site


def principal_of(request: Request) -> Principal:
    """Return who asks; raises `Problem` 401 where nobody has to say who they are."""
    found: Principal | None = request.scope["state"]["principal"]
    if found is None:
        raise Problem(401, "say who you are", {"WWW-Authenticate": "Bearer"})
    return found
