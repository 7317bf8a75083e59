"""ccxt is imported exchange by exchange, and nobody else can tell."""

from __future__ import annotations

import subprocess
import sys

import pytest


def told(program):
    """Return what a program prints that begins with one exchange of ours."""
    begin = (
        "import asyncio, sys\n"
        "from reconciler.adapters.providers.ccxt_crypto.library import *\n"
        "ours = asyncio.run(import_exchange('binanceus'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", begin + program],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_only_what_is_spoken_to_is_imported():
    program = (
        "print(*sorted(n for n in sys.modules if n.count('.') == 2 "
        "and n.startswith('ccxt.async_support.') and not n.endswith('.base')))"
    )

    assert told(program) == [
        "ccxt.async_support.binance",
        "ccxt.async_support.binanceus",
    ]


@pytest.mark.parametrize(
    "program",
    [
        "import ccxt.async_support as c; print(c.kraken().id, c.binanceus is ours)",
        "from ccxt.async_support import kraken; print(kraken().id, True)",
        "import ccxt; print(ccxt.kraken().id, ccxt.exchanges.count('kraken') == 1)",
        "from ccxt import *; print(kraken().id, issubclass(BadSymbol, BaseError))",
        "import ccxt.pro as c; print(c.kraken().id, True)",
        "import ccxt as c; print(c.async_support.kraken().id, True)",
        "import ccxt as c; print('kraken', c.__version__ == ccxt_version())",
        "import ccxt; print('kraken', not hasattr(ccxt, 'no_such_exchange'))",
    ],
)
def test_a_program_that_uses_ccxt_itself_finds_all_of_it(program):
    assert told(program) == ["kraken", "True"]


def test_a_program_may_have_imported_ccxt_before():
    program = (
        "import sys, asyncio, ccxt.async_support as before\n"
        "from reconciler.adapters.providers.ccxt_crypto.library import *\n"
        "print(asyncio.run(import_exchange('kraken')) is before.kraken)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert done.stdout == "True\n"


def test_an_exchange_that_this_ccxt_lacks_is_none():
    program = "print(asyncio.run(import_exchange('mtgox')), import_plain_exchange('x'))"

    assert told(program) == ["None", "None"]


def test_threads_that_ask_at_once_all_get_it():
    program = (
        "from threading import Thread\n"
        "import ccxt\n"
        "found = []\n"
        "ask = lambda: found.append(ccxt.kraken().id)\n"
        "threads = [Thread(target=ask) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(len(found), *set(found))"
    )

    assert told(program) == ["8", "kraken"]
