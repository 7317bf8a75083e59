"""The one place where an error becomes a sentence and an exit code.

Our errors tell what, where, why and how to fix it, in one line. Anybody else's are
named by their class alone: their text could hold what a provider was sent.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from types import TracebackType

import click

from reconciler.cli.console import Console
from reconciler.cli.signals import Stopped

USAGE = 64
FAILED = 1


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; raises nothing."""
    console = Console()
    _tolerate_odd_text()
    try:
        with console.stop.watching():
            code = _judged(console, arguments)
            return _flushed(code)
    except Stopped as stopped:  # while the error was being told
        return stopped.exit_code


def _judged(console: Console, arguments: Sequence[str] | None) -> int:
    try:
        return _run(console, arguments)
    except click.UsageError as error:
        _placed(error).show()
        return USAGE
    except Stopped as stopped:
        click.echo(f"Stopped by {stopped}.", err=True)
        return stopped.exit_code
    except (SystemExit, BrokenPipeError):  # the reader of the result went away
        return FAILED
    except Exception as error:  # noqa: BLE001  # the boundary: nothing passes
        return _told(console, error)


def _placed(error: click.UsageError) -> click.UsageError:
    """Return the error; where an option only stands too far back, it says where to."""
    if not (isinstance(error, click.NoSuchOption) and error.ctx):
        return error
    root = error.ctx.find_root()
    for option in root.command.params:
        if error.option_name in option.opts:
            value = (
                ""
                if getattr(option, "is_flag", False)
                else f" {option.make_metavar(error.ctx)}"
            )
            _, _, command = error.ctx.command_path.partition(" ")
            return click.UsageError(
                f"{error.format_message()} It stands before the command:"
                f" {root.info_name} {error.option_name}{value} {command}",
                ctx=error.ctx,
            )
    return error


def _run(console: Console, arguments: Sequence[str] | None) -> int:
    from reconciler.cli.group import cli

    try:
        code = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name="reconcile",
            standalone_mode=False,
            obj=console,
        )
    finally:
        console.close()
    return int(code or 0)


def _told(console: Console, error: Exception) -> int:
    from reconciler.cli.telling import tell
    from reconciler.core.errors import ReconcilerError

    if isinstance(error, ReconcilerError):
        return tell(console, error)
    if isinstance(error, click.exceptions.Abort):
        return _fail("aborted")
    if isinstance(error, click.ClickException):
        return _fail(error.format_message())
    if isinstance(error, OSError) and (said := _said_by_system(error)):
        return _fail(said)
    _fail(
        f"this is a bug in reconcile ({type(error).__name__}); its text is withheld,"
        " since it could hold a secret"
    )
    if not (console.verbose or {"-v", "--verbose"} & set(sys.argv)):
        click.echo("Run it again with -v and report the places it names.", err=True)
        return FAILED
    for link in _chain(error):
        click.echo(f"{type(link).__name__}, raised at:", err=True)
        for place in _places(link.__traceback__):
            click.echo(f"  {place}", err=True)
    return FAILED


def _said_by_system(error: OSError) -> str:
    if error.strerror and error.filename:
        return f"{error.strerror}: '{_shown(error.filename)}'"
    full = error.errno == errno.ENOSPC
    return "no space left; the result could not be written" if full else ""


def _fail(text: str) -> int:
    click.echo(f"Error: {text}", err=True)
    return FAILED


def _shown(filename: object) -> str:
    name = os.fsdecode(filename) if isinstance(filename, bytes) else str(filename)
    return name.encode("unicode_escape", "surrogatepass").decode("ascii")


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or (
            None if link.__suppress_context__ else link.__context__
        )


def _places(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        yield f"{code.co_filename}:{traceback.tb_lineno} in {code.co_name}"
        traceback = traceback.tb_next


def _tolerate_odd_text() -> None:
    """File names may hold anything, a terminal's encoding may know little."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _flushed(code: int) -> int:
    """Flush the result; one that could not be delivered is no success."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or FAILED
    return code
