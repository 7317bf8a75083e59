"""`python -m reconciler` and the installed `reconcile`."""

from __future__ import annotations

import gc
import sys
import threading


def main() -> int:
    """Run one command and return its exit code; no traceback is ever printed."""
    # Python's own handler prints values; the boundary tells what may be told.
    sys.excepthook = lambda *_: None
    sys.unraisablehook = lambda _: None
    # A command makes many small values that live until its end: walking them again
    # and again finds nothing. It still happens, a hundred times less often.
    gc.set_threshold(70_000, 10, 10)
    threading.excepthook = lambda _: None
    from reconciler.cli.boundary import run  # noqa: PLC0415  # after the hooks

    return run()


if __name__ == "__main__":
    sys.exit(main())
