"""The operator's editor: which one it is, and a run of it."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from reconciler.cli.console import Console
from reconciler.cli.private_file import quiet_environment
from reconciler.cli.signals import Stopped
from reconciler.core.errors import InputError

VARIABLES = ("SOPS_EDITOR", "VISUAL", "EDITOR")
"""The first that is set names the editor, with its options."""
_USUAL = ("vim", "nano", "vi")
_VIMS = frozenset({"vim", "nvim", "gvim", "mvim"})
_FORGETFUL = (
    *("-n", "-i", "NONE"),
    *("-c", "set noundofile nobackup nowritebackup"),
)
"""vim keeps what was deleted or copied in files below the home folder otherwise."""
_PATIENCE_S = 2.0


def editor_of(console: Console) -> tuple[str, ...]:
    """Return the editor's command line.

    Raises:
        InputError: None is named or found, or nobody is there to use it.
    """
    env = console.environment
    named = next((name for name in VARIABLES if env.get(name, "").strip()), "")
    if named:
        words = _split(env[named], named)
    elif not console.has_reader:
        raise InputError(
            "nobody is at a terminal to edit; set EDITOR to a program that edits the "
            "file it is given, or use 'reconcile set NAME KEY --stdin'"
        )
    else:
        words = _usual(env)
    return (*words, *_FORGETFUL) if Path(words[0]).name in _VIMS else words


def run_editor(console: Console, command: Sequence[str], file: Path) -> None:
    """Run the editor until it ends.

    A terminal's SIGINT is the editor's: some use the key for themselves. Every other
    signal ends the editor and the command.

    Raises:
        InputError: It cannot be started, or ended with a failure.
        Stopped: A signal was heard.
    """
    with _signals_heard(is_shared=console.has_reader) as heard:
        code = _run(console, command, file)
    ended_by_it = code in {-signal.SIGINT, 128 + signal.SIGINT}
    if heard and ended_by_it:
        raise Stopped(signal.SIGINT)
    if code:
        how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
        raise InputError(f"the editor '{command[0]}' ended {how}; nothing was written")


def _run(console: Console, command: Sequence[str], file: Path) -> int:
    try:
        editor = subprocess.Popen(  # noqa: S603  # the operator's own choice
            [*command, str(file)], env=quiet_environment(console.environment)
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError(
            f"the editor '{command[0]}' cannot be started: {why}; set EDITOR to one "
            "that is there"
        ) from None
    try:
        return editor.wait()
    except BaseException:
        _end(editor)
        raise


def _end(editor: subprocess.Popen[bytes]) -> None:
    editor.terminate()
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            editor.wait(_PATIENCE_S)
    finally:  # also after a second, impatient signal
        editor.kill()
        editor.wait()


@contextmanager
def _signals_heard(*, is_shared: bool) -> Iterator[list[int]]:
    """Let a hang-up stop the command, and yield the SIGINTs left to the editor."""
    heard: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard  # only the main thread may listen
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Stopped(number)

    def note(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = {signal.SIGHUP: signal.getsignal(signal.SIGHUP)}
    if before[signal.SIGHUP] is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, stop)
    if is_shared:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, note)
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _split(text: str, variable: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise InputError(
            f"{variable} is not a command line: a quote is not closed"
        ) from None


def _usual(env: Mapping[str, str]) -> tuple[str, ...]:
    for name in _USUAL:
        if shutil.which(name, path=env.get("PATH")):
            return (name,)
    raise InputError(
        f"there is no editor: none of {', '.join(_USUAL)} is installed; set EDITOR"
    )
