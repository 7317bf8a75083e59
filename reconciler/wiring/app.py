"""One command's outside world, each part built on first use."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reconciler.core.ports import (
    Adapter,
    Clock,
    DocumentSource,
    Observer,
    Ports,
    Sampler,
    StateStore,
    Tester,
    Unsealed,
)
from reconciler.core.run import RunReport
from reconciler.core.settings import Settings
from reconciler.core.variables import Variables
from reconciler.wiring.choices import Choices
from reconciler.wiring.writing import write_file

if TYPE_CHECKING:
    from pydantic import BaseModel

    from reconciler.adapters.git_follow import Checkout
    from reconciler.adapters.providers.running.gate import Shared
    from reconciler.adapters.providers.running.job import JobTest
    from reconciler.adapters.providers.running.tester import ConcurrentTester
    from reconciler.adapters.sops import Keyring
    from reconciler.core.connectivity import Outage
    from reconciler.core.sight import Sight

M = TypeVar("M", bound="BaseModel")

DEFAULT_WORKSPACE = "default"
CACHE_FOLDER = ".reconcile/cache"
_EMBEDDED = "tinydb"
_BESIDE = Path(".reconcile")
_PASSWORD = re.compile(r"(://[^/@:\s]*):[^/\s]*@")


class App:
    """One command's outside world, built lazily; `close()` releases it."""

    def __init__(
        self,
        choices: Choices,
        *,
        stop: threading.Event | None = None,
        observer: Observer | None = None,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self.choices = choices
        self.checkout: Checkout | None = None
        self.stop = stop or threading.Event()
        self.observer = observer
        self.trace = trace

    @cached_property
    def settings(self) -> Settings:
        """Return `reconcile.yaml`, or the defaults; raises `DocumentError`."""
        from reconciler.adapters.settings_file import load_settings

        return load_settings(self.choices.directory, config=self.choices.config)

    def part(self, model: type[M]) -> M:
        """Return one structured part of the settings; raises `DocumentError`."""
        from reconciler.core.structured import part_of

        return part_of(self.settings.source, model)

    @cached_property
    def sight(self) -> Sight | None:
        """Return what the login of `--as` may see, None without one.

        Raises:
            InputError: There is no policy that says so, or it does not know them.
        """
        if not self.choices.as_login:
            return None
        from reconciler.adapters.policy_file import sight_in

        return sight_in(self.files_at, self.choices.as_login)

    @cached_property
    def clock(self) -> Clock:
        """Return the system's clock."""
        from reconciler.adapters.clock import SystemClock

        return SystemClock()

    @property
    def state_url(self) -> str:
        """Return the store's address as it may be shown: without a password."""
        return _PASSWORD.sub(r"\1:***@", self._state_address)

    @property
    def _state_address(self) -> str:
        """Return the store's address: option, then file, then default."""
        return self.choices.state or self.settings.state

    @cached_property
    def store(self) -> StateStore:
        """Return the store, opened; nothing is created before the first write."""
        from reconciler.adapters.stores import open_store

        opened = open_store(
            self._state_address, base=self.choices.directory, now=self.clock.now
        )
        return self._seen_store(opened)

    def _seen_store(self, store: StateStore) -> StateStore:
        if self.sight is None:
            return store
        from reconciler.seeing import SeenStore

        return SeenStore(store, self.sight)

    @cached_property
    def adapters(self) -> Mapping[str, Adapter]:
        """Return the adapters by type, found by entry point."""
        from reconciler.adapters.providers.registry import find_adapters

        return find_adapters()

    @cached_property
    def keyring(self) -> Keyring:
        """Return the age identities that this environment offers."""
        from reconciler.adapters.sops import load_keyring

        return load_keyring(
            self.choices.environment,
            home=Path.home(),
            ask_passphrase=self.choices.ask_passphrase,
        )

    @cached_property
    def variables(self) -> Variables:
        """Return what files may take from the environment."""
        return Variables.of(self.settings.variables, self.choices)

    def source(
        self, files: Sequence[Path] = (), *, copies: Mapping[Path, Path] | None = None
    ) -> DocumentSource:
        """Return the documents, or just `files`, some as `copies` of them have it."""
        from reconciler.adapters.source import FileSource

        found = FileSource(
            directory=self.files_at,
            connections=self.settings.connections,
            adapters=lambda: self.adapters,
            files=files,
            lengths=not self.choices.sandbox,
            now=self.clock.now,
            copies=copies,
            variables=self.variables,
        )
        if self.sight is None:
            return found
        from reconciler.seeing import SeenSource

        return SeenSource(found, self.sight)

    @property
    def files_at(self) -> Path:
        """Return where the files lie: here, or in the revision that is followed."""
        return self.checkout.path if self.checkout else self.choices.directory

    @property
    def daemon_folder(self) -> Path:
        """Return where this workspace's daemon keeps what is its own.

        That is beside the store; it may not be there yet.
        """
        scheme, _, location = self._state_address.partition(":")
        beside = Path(location).parent if scheme == _EMBEDDED else _BESIDE
        return self.choices.directory / beside / "daemon" / self.workspace

    @property
    def socket_path(self) -> Path:
        """Return where the socket of this workspace's daemon lies, if one runs."""
        from reconciler.adapters.local_socket import NAME

        return self.daemon_folder / NAME

    def outage(self) -> Outage | None:
        """Return that our network is down, where a daemon that runs knows it."""
        from reconciler.adapters.outage_file import noted

        outage = noted(self.daemon_folder)
        if outage is None:
            return None
        from reconciler.adapters.local_socket import is_answered

        return outage if is_answered(self.socket_path) else None

    def note_outage(self, outage: Outage | None) -> None:
        """Let other commands know how our network does; raises `OSError`."""
        from reconciler.adapters.outage_file import note

        note(self.daemon_folder, outage)

    @property
    def workspace(self) -> str:
        """Return this repository's name in a shared store."""
        return self.settings.workspace or DEFAULT_WORKSPACE

    @cached_property
    def who(self) -> str:
        """Return who acts, for locks, logs and reports."""
        from reconciler.adapters.environment import who_am_i

        return who_am_i(self.choices.environment)

    @cached_property
    def vantage(self) -> str:
        """Return the name of the place that tests run from."""
        from reconciler.adapters.environment import vantage

        return vantage()

    def commit(self) -> str | None:
        """Return the Git commit of the files."""
        from reconciler.adapters.git import head_commit

        if self.checkout:
            return self.checkout.commit
        return head_commit(self.choices.directory)

    @cached_property
    def tester(self) -> Tester:
        """Return what runs tests side by side."""
        from reconciler.adapters.lazy_tester import LazyTester

        return LazyTester(self._make_tester)

    def open_tester(
        self, shared: Shared | None = None
    ) -> AbstractAsyncContextManager[JobTest]:
        """Return what tests one job after another over a network that stays open.

        `shared` is what is known already of limits and keys.
        """
        tester = self._make_tester()
        return (replace(tester, shared=shared) if shared else tester).opened()

    def _make_tester(self) -> ConcurrentTester:
        from reconciler.adapters.providers.running.gate import Shared
        from reconciler.adapters.providers.running.tester import ConcurrentTester
        from reconciler.core.connectivity_settings import ConnectivitySection

        outlook = self.part(ConnectivitySection)
        return ConcurrentTester(
            adapters=lambda: self.adapters,
            unsealer=self.unsealer,
            clock=self.clock,
            sandbox=self.choices.sandbox,
            # A trace of several tests at once could be read by nobody.
            limit=1
            if self.trace
            else self.choices.parallelism or self.settings.parallelism,
            trace=self.trace,
            vantage=self.vantage,
            stop=self.stop,
            observer=self.observer,
            allow=self.settings.network.allow,
            cache=self.choices.directory / CACHE_FOLDER,
            references=outlook.check,
            ask_every_s=outlook.interval,
            # Nobody's account is at risk in the sandbox.
            shared=Shared.of(
                time.monotonic,
                None if self.choices.sandbox else self.settings.tests_per_minute,
            ),
        )

    @cached_property
    def sampler(self) -> Sampler:
        """Return what fetches data through one connection."""
        from reconciler.adapters.providers.running.sampler import DirectSampler

        return DirectSampler(self._make_tester())

    @cached_property
    def unsealer(self) -> SopsUnsealer:
        """Return what opens sealed documents."""
        return SopsUnsealer(self)

    def ports(
        self, files: Sequence[Path] = (), *, store: StateStore | None = None
    ) -> Ports:
        """Return the outside world for the pipeline; `store` stands in for ours."""
        return Ports(
            source=self.source(files),
            store=self._seen_store(store) if store else self.store,
            tester=self.tester,
            unsealer=self.unsealer,
            clock=self.clock,
            who=lambda: self.who,
            commit=self.commit,
            stopping=self.stop.is_set,
            outage=self.outage,
        )

    @property
    def report_path(self) -> Path:
        """Return where the JSON report lies."""
        return self.choices.directory / self.settings.report

    def write_report(self, report: RunReport) -> Path:
        """Write the report atomically and return where it lies."""
        from reconciler.report.run import run_json

        write_file(self.report_path, run_json(report).encode())
        return self.report_path

    def renewed(self) -> App:
        """Return one that reads settings and keys anew, over the same open store."""
        fresh = App(self.choices, stop=self.stop, observer=self.observer)
        fresh.__dict__["store"] = self.store
        fresh.checkout = self.checkout
        return fresh

    def close(self) -> None:
        """Release the store, if it was opened."""
        if "store" in self.__dict__:
            self.store.close()


class SopsUnsealer:
    """The pipeline's `Unsealer`: the SOPS layer with the process's identities."""

    def __init__(self, app: App) -> None:
        self._app = app

    def can_unseal(self) -> bool:
        """Tell whether any identity was found."""
        return not self._app.keyring.is_empty

    def unseal(self, text: str, *, file: str) -> Unsealed:
        """Return the credentials after checking MAC and binding."""
        from reconciler.adapters.sops import unseal

        opened = unseal(text, file=file, keyring=self._app.keyring)
        return Unsealed(credentials=opened.credentials, warning=opened.warning)
