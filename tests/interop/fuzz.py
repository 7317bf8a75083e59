"""The two-way fuzz: thousands of documents through real sops and through us.

`python -m tests.interop.fuzz --documents 2000 --seed 7`; `make interop` runs it. One
document per process of sops, so that a disagreement names its document. Exits 1 on a
disagreement and 0 otherwise, also when no peer is to be had: then it says so.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import Final

import click

from tests.interop import others, peers, rounds
from tests.interop.changes import Workplace
from tests.interop.compare import Disagreement
from tests.interop.judging import DialectError, SopsFaultError
from tests.interop.peers import Peer
from tests.interop.rounds import Round

ROUNDS: Final[dict[str, Round]] = {
    "ours-read-by-sops": rounds.ours_read_by_sops,
    "sops-read-by-us": rounds.sops_read_by_us,
    "ours-changed-by-sops": rounds.ours_changed_by_sops,
    "ours-changed-by-us": rounds.ours_changed_by_us,
    "sops-changed-by-us": rounds.sops_changed_by_us,
}
AGE_ROUNDS: Final[dict[str, Round]] = {"data-keys-by-age": others.age_both_ways}
_NPM: Final = "ours-read-by-npm"
_SHOWN: Final = 5
"""Disagreements printed in full; more of them rarely tell more."""
_THREADS: Final = 4
_WORDS: Final = ("documents", "openings", "disagreements")


@dataclass(slots=True)
class Tally:
    """What one kind of round came to."""

    documents: int = 0
    openings: int = 0
    is_cut: bool = False
    """Whether there was no time for all of them."""
    faults: int = 0
    """Files that sops itself cannot write and read back."""
    refused: int = 0
    """Files that sops spelled outside our dialect."""
    found: list[tuple[str, Disagreement]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of some kinds of round against one program."""

    program: Path
    kinds: Mapping[str, Round]
    seed: int
    documents: int
    seconds: int
    """For all kinds of round together, in equal parts."""

    def tally(self, name: str) -> Tally:
        tally = Tally()
        deadline = time.monotonic() + self.seconds / len(self.kinds)
        with ThreadPoolExecutor(_THREADS) as pool:
            outcomes = pool.map(
                lambda number: self.one(name, number, deadline), range(self.documents)
            )
            for number, outcome in enumerate(outcomes):
                _count(tally, f"{name}:{number}", outcome)
        return tally

    def one(
        self, name: str, number: int, deadline: float = math.inf
    ) -> int | Exception | None:
        """Run one round; its chances depend on the seed, the round and its number.

        Returns:
            The openings, what was found, or None when there was no time left.
        """
        if time.monotonic() > deadline:
            return None
        rng = others.chances(self.seed, f"{name}:{number}")
        with tempfile.TemporaryDirectory() as folder:
            work = Workplace(rng=rng, program=self.program, folder=Path(folder))
            try:
                return self.kinds[name](work)
            except (Disagreement, SopsFaultError, DialectError) as outcome:
                return outcome
            except Exception as crash:  # noqa: BLE001  # a crash of ours is a find too
                what = "".join(traceback.format_exception(crash))
                return Disagreement(what, document="")


@click.command()
@click.option(
    "--documents", default=2000, envvar="INTEROP_DOCUMENTS", help="Per round."
)
@click.option("--seed", type=int, envvar="INTEROP_SEED", help="Repeats a run.")
@click.option("--seconds", default=900, envvar="INTEROP_SECONDS", help="Per program.")
@click.option("--versions", default=len(peers.SOPS), help="How many versions of sops.")
@click.option("--only", default="", help="One round, or one document: ROUND:NUMBER.")
@click.option("--install/--no-install", default=True, help="Build what is absent.")
def main(
    documents: int, seed: int | None, seconds: int, versions: int, only: str, *,
    install: bool,
) -> None:  # fmt: skip
    """Compare real sops with us on generated documents."""
    chosen = SystemRandom().randrange(10**6) if seed is None else seed
    say(f"seed {chosen}; the same again: --seed {chosen}")
    common = {"seed": chosen, "documents": documents, "seconds": seconds}
    total = Counter[str]()
    for version in peers.SOPS[:versions]:
        total += _against(peers.sops(version, install=install), ROUNDS, only, **common)
    total += _against(peers.age(install=install), AGE_ROUNDS, only, **common)
    total += _against_npm(peers.npm_reader(install=install), only, **common)
    say(", ".join(f"{total[word]} {word}" for word in _WORDS))
    sys.exit(1 if total[_WORDS[-1]] else 0)


def _against(peer: Peer, kinds: Mapping[str, Round], only: str, **how: int) -> Counter:
    say(str(peer))
    if peer.path is None:
        say("  nothing was compared; the committed vectors are what is checked")
        return Counter()
    run = Run(program=peer.path, kinds=kinds, **how)
    total = Counter[str]()
    for name, tally in _tallies(run, only):
        _report(name, tally, run)
        total += _summed(tally.documents, tally.openings, len(tally.found))
    return total


def _against_npm(peer: Peer, only: str, **how: int) -> Counter:
    say(str(peer))
    if peer.path is None or (only and only != _NPM):
        return Counter()
    read, found = others.ours_read_by_npm(
        lambda number: others.chances(how["seed"], f"{_NPM}:{number}"),
        how["documents"], peer.path,
    )  # fmt: skip
    say(f"  {_NPM}: {read} documents, {read} openings, {len(found)} disagreements")
    for number, one in found[:_SHOWN]:
        _show(f"{_NPM}:{number}", one)
    return _summed(read, read, len(found))


def _summed(*numbers: int) -> Counter[str]:
    return Counter(dict(zip(_WORDS, numbers, strict=True)))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _tallies(run: Run, only: str) -> Iterator[tuple[str, Tally]]:
    name, _, number = only.partition(":")
    for one in run.kinds:
        if name and one != name:
            continue
        if number:
            tally = Tally()
            _count(tally, only, run.one(one, int(number)))
            yield one, tally
        else:
            yield one, run.tally(one)


def _count(tally: Tally, label: str, outcome: int | Exception | None) -> None:
    if outcome is None:
        tally.is_cut = True
        return
    tally.documents += 1
    if isinstance(outcome, int):
        tally.openings += outcome
    elif isinstance(outcome, Disagreement):
        tally.found.append((label, outcome))
    elif isinstance(outcome, DialectError):
        tally.refused += 1
    else:
        tally.faults += 1


def _report(name: str, tally: Tally, run: Run) -> None:
    say(
        f"  {name}: {tally.documents} documents, {tally.openings} openings,"
        f" {len(tally.found)} disagreements"
    )
    if tally.faults:
        say(f"    {tally.faults} that sops itself cannot write and read back")
    if tally.refused:
        say(f"    {tally.refused} that sops spelled outside our dialect")
    if tally.is_cut:
        say("    the time limit came first")
    for label, found in tally.found[:_SHOWN]:
        _show(f"{label} (--seed {run.seed} --only {label})", found)


def _show(label: str, found: Disagreement) -> None:
    say(f"    {label}: {found.what}")
    say(f"----- document\n{found.document}\n----- sealed\n{found.sealed}\n-----")


if __name__ == "__main__":
    main()
