"""Follows a branch of a Git repository, one whole revision at a time.

The program `git` fetches into a bare repository of ours; each accepted revision is
exported into a folder of its own, which appears at once and complete. Whatever goes
wrong (the network, a signature, a rewritten history, a revision without our folder),
the last accepted revision stays what it was.

Git asks nobody anything, has a time limit, runs no hook of anybody's, and is told
what may be secret through its environment, which others cannot read.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from reconciler.adapters import files
from reconciler.adapters.git import git_environment
from reconciler.core.errors import InputError

FETCH_TIMEOUT_S: Final = 120.0
LOCAL_TIMEOUT_S: Final = 60.0
_NEWS: Final = "refs/reconcile/news"
_CACHE: Final = Path(".reconcile/cache/documents.json")
_SHA: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_USER_INFO: Final = re.compile(r"(://)[^/@\s]*@")
_SAFE: Final = (
    # A link in a repository could lead us to write, or read, anywhere.
    "-c", "core.symlinks=false",
    "-c", "core.hooksPath=/dev/null", "-c", "gc.autoDetach=false",
    "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30",
)  # fmt: skip
_ASK_US: Final = (
    '!f() { echo "username=$RECONCILE_GIT_USER"; '
    'echo "password=$RECONCILE_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What is followed; `url` may hold a password. See `core.daemon_settings`."""

    url: str = field(repr=False)
    branch: str
    directory: str = "."
    needs: str = ""
    """A folder below `directory` without which a revision is no good."""
    verify: bool = False
    allowed_signers: Path | None = None
    rewind: bool = False

    @property
    def shown(self) -> str:
        """Return the address as it may be shown."""
        return _USER_INFO.sub(r"\1", self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """One accepted revision: its commit, and the folder that takes part."""

    commit: str
    path: Path


class GitFollower:
    """Follows one upstream into one folder of ours; used from one thread."""

    def __init__(self, upstream: Upstream, folder: Path) -> None:
        self.upstream = upstream
        self._folder = folder
        self._repository = folder / "repository.git"
        self._good = folder / "good"

    def current(self) -> Checkout | None:
        """Return the last accepted revision; None before the first."""
        try:
            commit = self._good.read_text().strip()
        except OSError:
            return None
        path = self._path_of(commit)
        if not _SHA.fullmatch(commit) or not path.is_dir():
            return None
        return Checkout(commit=commit, path=path / self.upstream.directory)

    def update(self) -> Checkout:
        """Fetch, judge and take the newest revision, and return it.

        Raises:
            InputError: It was not taken, and why; `current` still holds.
        """
        try:
            return self._updated()
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise InputError(
                f"cannot keep {self.upstream.shown} in '{self._folder}': {why}"
            ) from None

    def _updated(self) -> Checkout:
        before = self.current()
        commit = self._fetched()
        if before is not None and before.commit == commit:
            return before
        self._judge(before.commit if before else "", commit)
        made = self._exported(commit, before)
        files.write_atomic(self._good, f"{commit}\n".encode())
        self._clear({commit, before.commit if before else commit})
        return made

    def _fetched(self) -> str:
        if not (self._repository / "HEAD").exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._git("init", "--quiet", "--bare", str(self._repository), inside=False)
        refs = f"+refs/heads/{self.upstream.branch}:{_NEWS}"
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--prune")
        self._git("fetch", *options, "origin", refs, timeout_s=FETCH_TIMEOUT_S)
        return self._git("rev-parse", "--verify", f"{_NEWS}^{{commit}}").strip()

    def _judge(self, before: str, commit: str) -> None:
        upstream = self.upstream
        if before and not upstream.rewind and not self._follows(before, commit):
            raise InputError(
                f"'{upstream.branch}' of {upstream.shown} was rewritten: "
                f"{commit[:12]} does not follow {before[:12]}, which runs; put it back,"
                " or set daemon.source.rewind: true"
            )
        if upstream.verify:
            for one in self._news(before, commit):
                self._require_signature(one)

    def _follows(self, before: str, commit: str) -> bool:
        done = self._run("merge-base", "--is-ancestor", before, commit)
        return done.returncode == 0

    def _news(self, before: str, commit: str) -> Sequence[str]:
        """Return the commits to judge, oldest first; of a first revision its own."""
        if not before or not self._follows(before, commit):
            return (commit,)
        span = f"{before}..{commit}"
        found = self._git("rev-list", "--first-parent", "--reverse", span).split()
        return found or (commit,)

    def _require_signature(self, commit: str) -> None:
        options: tuple[str, ...] = ()
        if signers := self.upstream.allowed_signers:
            if not signers.is_file():
                raise InputError(f"the file of allowed signers '{signers}' is missing")
            options = (
                "-c", f"gpg.ssh.allowedSignersFile={signers.absolute()}",
                # A key of another kind is known to a keyring, not to this file.
                "-c", "gpg.program=false", "-c", "gpg.x509.program=false",
            )  # fmt: skip
        done = self._run("verify-commit", commit, options=options)
        if done.returncode != 0:
            raise InputError(
                f"commit {commit[:12]} of {self.upstream.shown} is not signed by "
                "anybody known, so nothing from it on is taken; sign it, or name its "
                "signer in daemon.source.allowed_signers"
            )

    def _exported(self, commit: str, before: Checkout | None) -> Checkout:
        """Write a revision's files into a folder that appears at once."""
        target = self._path_of(commit)
        making = target.with_name(f"{commit}.new")
        for left in (making, target):
            shutil.rmtree(left, ignore_errors=True)
        making.mkdir(parents=True, mode=0o700)
        places = {
            "GIT_INDEX_FILE": str(self._folder.absolute() / "index"),
            "GIT_WORK_TREE": str(making.absolute()),
        }
        self._git("read-tree", commit, more=places)
        self._git("checkout-index", "--all", "--force", more=places)
        made = Checkout(commit=commit, path=target / self.upstream.directory)
        inside = making / self.upstream.directory
        if not (inside / self.upstream.needs).is_dir():
            shutil.rmtree(making, ignore_errors=True)
            wanted = Path(self.upstream.directory) / self.upstream.needs
            raise InputError(
                f"commit {commit[:12]} of {self.upstream.shown} has no folder "
                f"'{wanted}'; see daemon.source.directory"
            )
        if before is not None:
            _carry_cache(before.path, inside)
        making.rename(target)
        return made

    def _clear(self, kept: set[str]) -> None:
        for path in (self._folder / "revisions").iterdir():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def _path_of(self, commit: str) -> Path:
        return self._folder / "revisions" / commit

    def _git(
        self,
        *arguments: str,
        inside: bool = True,
        timeout_s: float = LOCAL_TIMEOUT_S,
        more: Mapping[str, str] | None = None,
    ) -> str:
        done = self._run(*arguments, inside=inside, timeout_s=timeout_s, more=more)
        if done.returncode != 0:
            raise InputError(self._why(arguments[0], done.stderr))
        return done.stdout

    def _run(
        self,
        *arguments: str,
        inside: bool = True,
        options: Sequence[str] = (),
        timeout_s: float = LOCAL_TIMEOUT_S,
        more: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        place = ("--git-dir", str(self._repository)) if inside else ()
        command = ("git", *_SAFE, *options, *place, *arguments)
        try:
            return subprocess.run(  # noqa: S603  # fixed command, no shell
                command, env={**self._environment(), **(more or {})},
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="replace", timeout=timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            said = f"no answer within {timeout_s:.0f} s"
            raise InputError(self._why(arguments[0], said)) from None
        except OSError as error:
            raise InputError(
                f"cannot run git: {error.strerror or type(error).__name__}"
            ) from None

    def _environment(self) -> dict[str, str]:
        """Return Git's surroundings: the address in them, nobody to ask."""
        url, user, password = _parts(self.upstream.url)
        config = [("remote.origin.url", url)]
        if password:
            # An empty helper first: nobody else's is asked, or told what we know.
            config += [("credential.helper", ""), ("credential.helper", _ASK_US)]
        settings = {"GIT_CONFIG_COUNT": str(len(config))}
        for number, (key, value) in enumerate(config):
            settings[f"GIT_CONFIG_KEY_{number}"] = key
            settings[f"GIT_CONFIG_VALUE_{number}"] = value
        own = git_environment()
        own.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20")
        return {
            **own,
            **settings,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "SSH_ASKPASS": "true",
            "LC_ALL": "C",
            "RECONCILE_GIT_USER": user,
            "RECONCILE_GIT_PASSWORD": password,
        }

    def _why(self, what: str, said: str) -> str:
        lines = [line for line in said.strip().splitlines() if line.strip()]
        told = _USER_INFO.sub(r"\1", lines[-1].strip()) if lines else "it did not say"
        _, _, password = _parts(self.upstream.url)
        if password:
            told = told.replace(password, "***")
        return f"git {what} of {self.upstream.shown} failed: {told}"


def _parts(url: str) -> tuple[str, str, str]:
    """Return an address without its password, then who logs in and with what."""
    if not url.startswith(("http://", "https://")):
        return url, "", ""
    found = urlsplit(url)
    host = found.netloc.rpartition("@")[2]
    plain = urlunsplit((found.scheme, host, found.path, found.query, ""))
    return plain, unquote(found.username or ""), unquote(found.password or "")


def _carry_cache(before: Path, now: Path) -> None:
    """Let the new revision know what was found in files that it shares with the old."""
    with contextlib.suppress(OSError):
        data = (before / _CACHE).read_bytes()
        files.write_atomic(now / _CACHE, data, durable=False)
