"""ccxt, one exchange at a time: its packages import all hundred, and each twice.

That takes half a second and 40 MB, and a run speaks to a few. So the two packages
stand in `sys.modules` without having been run, and exchanges are imported from below
them. Whoever asks a package for what it lacks, in this process or in a program that
uses ccxt itself, has it run there and then and finds everything.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any, Final

_CCXT: Final = "ccxt"
_ASYNC: Final = "ccxt.async_support"
_ERRORS: Final = "ccxt.base.errors"
_RUNS_PACKAGE: Final = frozenset(("__all__", "__version__"))
_LOCK: Final = RLock()
_STARTED: Final[set[str]] = set()
"""The packages that run or have run: one that lacks something then does not have it."""


@cache
def ccxt_version() -> str:
    """Return the release of ccxt that is installed."""
    return version(_CCXT)


async def import_exchange(name: str) -> Any:
    """Return the asynchronous class of an exchange, None if this ccxt has none.

    In a thread: the first takes a third of a second, and the loop is timing other
    requests.
    """
    ready = vars(sys.modules.get(f"{_ASYNC}.{name}", ModuleType(name))).get(name)
    return ready or await asyncio.to_thread(_import_class, _ASYNC, name)


def import_plain_exchange(name: str) -> Any:
    """Return the class of an exchange that needs no loop, for one that sends nothing.

    None if this ccxt has none.
    """
    return _import_class(_CCXT, name)


def _import_class(package: str, name: str) -> Any:
    with _LOCK:
        _put_in_place(_CCXT)
        _put_in_place(_ASYNC)
        try:
            module = _import_uncollected(f"{package}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.{name}":
                raise
            return None
    return vars(module)[name]


def _import_uncollected(name: str) -> ModuleType:
    """Import a library whose objects stay: nobody need look for garbage in them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


class _Unrun(ModuleType):
    """A package that runs when it is asked for what it lacks."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _RUNS_PACKAGE:
            raise AttributeError(name)
        if (found := self._from_below(name)) is not None:
            return found
        self._run()
        try:
            return vars(self)[name]
        except KeyError:
            problem = f"module {self.__name__!r} has no attribute {name!r}"
            raise AttributeError(problem) from None

    def __setattr__(self, name: str, value: Any) -> None:
        """Bind an exchange's class and not its module, as the package itself does."""
        if isinstance(value, ModuleType):
            value = vars(value).get(name, value)
        super().__setattr__(name, value)

    def _from_below(self, name: str) -> Any:
        """Return what ccxt's own modules ask their package for while they load."""
        if self.__name__ != _CCXT:
            return None
        errors = vars(sys.modules.get(_ERRORS, self))
        base = vars(sys.modules.get("ccxt.base.exchange", self))
        found = base.get(name) if name == "Exchange" else errors.get(name)
        return found if isinstance(found, type) else None

    def _run(self) -> None:
        """Run the package, once, and make it an ordinary one."""
        spec = self.__spec__
        with _LOCK:
            if spec is None or spec.loader is None or self.__name__ in _STARTED:
                return
            _STARTED.add(self.__name__)
            try:
                spec.loader.exec_module(self)
            except BaseException:
                _STARTED.discard(self.__name__)
                raise
            self.__class__ = ModuleType  # type: ignore[assignment]


def _put_in_place(name: str) -> None:
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None:
        return  # the import that follows says so
    package = module_from_spec(spec)
    package.__class__ = _Unrun
    sys.modules[name] = package
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)
