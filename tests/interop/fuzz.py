"""The two-way fuzz: thousands of documents through real sops and through us.

`python -m tests.interop.fuzz --documents 2000 --seed 7`; `make interop` runs it. One
document per process of sops, so that a disagreement names its document. Exits 1 on a
disagreement and 0 otherwise, also when no peer is to be had: then it says so.
"""

from __future__ import annotations

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
from tests.interop.judging import SopsFaultError
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


@dataclass(slots=True)
class Tally:
    """What one kind of round came to."""

    documents: int = 0
    openings: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    found: list[tuple[str, Disagreement]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of some kinds of round against one program."""

    program: Path
    kinds: Mapping[str, Round]
    seed: int
    documents: int
    deadline: float

    def tally(self, name: str) -> Tally:
        tally = Tally()
        with ThreadPoolExecutor(_THREADS) as pool:
            work = ((name, number) for number in range(self.documents))
            for label, outcome in pool.map(lambda one: self.one(*one), work):
                _count(tally, label, outcome)
        return tally

    def one(self, name: str, number: int) -> tuple[str, int | Exception | None]:
        """Run one round; its chances depend on the seed, the round and its number."""
        label = f"{name}:{number}"
        if time.monotonic() > self.deadline:
            return label, None
        rng = others.chances(self.seed, label)
        with tempfile.TemporaryDirectory() as folder:
            work = Workplace(rng=rng, program=self.program, folder=Path(folder))
            try:
                return label, self.kinds[name](work)
            except (Disagreement, SopsFaultError) as outcome:
                return label, outcome
            except Exception as crash:  # noqa: BLE001  # a crash of ours is a find too
                what = "".join(traceback.format_exception(crash))
                return label, Disagreement(what, document="")


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
    bad = sum(
        _against(peers.sops(version, install=install), ROUNDS, only, **common)
        for version in peers.SOPS[:versions]
    )
    bad += _against(peers.age(install=install), AGE_ROUNDS, only, **common)
    bad += _against_npm(peers.npm_reader(install=install), only, **common)
    say("no disagreement" if not bad else f"{bad} disagreements")
    sys.exit(1 if bad else 0)


def _against(peer: Peer, kinds: Mapping[str, Round], only: str, **how: int) -> int:
    say(str(peer))
    if peer.path is None:
        say("  nothing was compared; the committed vectors are what is checked")
        return 0
    until = time.monotonic() + how["seconds"]
    run = Run(
        program=peer.path, kinds=kinds, seed=how["seed"], deadline=until,
        documents=how["documents"],
    )  # fmt: skip
    return sum(_report(*one, run) for one in _tallies(run, only))


def _against_npm(peer: Peer, only: str, **how: int) -> int:
    say(str(peer))
    if peer.path is None or (only and only != _NPM):
        return 0
    read, found = others.ours_read_by_npm(
        lambda number: others.chances(how["seed"], f"{_NPM}:{number}"),
        how["documents"], peer.path,
    )  # fmt: skip
    say(f"  {_NPM}: {read} documents, {read} openings, {len(found)} disagreements")
    for number, one in found[:_SHOWN]:
        _show(f"{_NPM}:{number}", one)
    return len(found)


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
            _count(tally, *run.one(one, int(number)))
            yield one, tally
        else:
            yield one, run.tally(one)


def _count(tally: Tally, label: str, outcome: int | Exception | None) -> None:
    if outcome is None:
        return
    tally.documents += 1
    if isinstance(outcome, int):
        tally.openings += outcome
    elif isinstance(outcome, Disagreement):
        tally.found.append((label, outcome))
    else:
        tally.faults[str(outcome)[:120]] += 1


def _report(name: str, tally: Tally, run: Run) -> int:
    faults = tally.faults.total()
    say(
        f"  {name}: {tally.documents} documents, {tally.openings} openings,"
        f" {len(tally.found)} disagreements"
        + (f", {faults} that sops itself cannot write and read back" if faults else "")
    )
    if tally.documents < run.documents and run.deadline < time.monotonic():
        say("    stopped by the time limit")
    for label, found in tally.found[:_SHOWN]:
        _show(f"{label} (--seed {run.seed} --only {label})", found)
    return len(tally.found)


def _show(label: str, found: Disagreement) -> None:
    say(f"    {label}: {found.what}")
    say(f"----- document\n{found.document}\n----- sealed\n{found.sealed}\n-----")


if __name__ == "__main__":
    main()
