"""The text around the values, merged by lines while no value is in it.

In all three texts each value is replaced by an opaque token: the same token for the
same value at the same path. Where the values are merged already, all three get the
token of the outcome, so that two people who edit neighbouring lines do not collide.
What is left are comments, blank lines, order, keys that came or went: Git's work.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.adapters.git_merge import merge_text
from reconciler.adapters.sops.merge.sides import BINDING, Piece, Side
from reconciler.adapters.sops.merge.three_way import Decision, Path, identity
from reconciler.adapters.sops.spans import Edit, apply_edits

Key = tuple[Path, str]
"""What a token stands for: a path and a value's identity."""
BLOCK: Final[Key] = (("sops",), "")
BOUND: Final[Key] = (BINDING, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Lines on which two sides disagree, markers included."""

    lines: tuple[str, ...] = field(repr=False)
    ours: tuple[str, ...] = field(repr=False)
    theirs: tuple[str, ...] = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Tokens:
    """Which token stands for what; `sources` says how each side wrote it."""

    sources: dict[Key, list[tuple[str, Piece]]] = field(
        default_factory=dict, repr=False
    )
    _number: dict[Key, int] = field(default_factory=dict, repr=False)
    _keys: list[Key] = field(default_factory=list, repr=False)
    _mark: str = field(default_factory=lambda: f"t{secrets.token_hex(12)}x")

    def of(self, key: Key) -> str:
        """Return the token of a key, made on first use."""
        if key not in self._number:
            self._number[key] = len(self._keys)
            self._keys.append(key)
        return f"{self._mark}{self._number[key]}x"

    def found_in(self, text: str) -> list[Key]:
        """Return what the tokens of a text stand for, in order."""
        return [self._keys[int(match[1])] for match in self._pattern.finditer(text)]

    def replaced(self, text: str, meaning: Callable[[Key], str]) -> str:
        """Put something in place of every token."""
        return self._pattern.sub(lambda match: meaning(self._keys[int(match[1])]), text)

    @property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(rf"{self._mark}(\d+)x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """The merged text with tokens in it: lines, and hunks that are left to people."""

    parts: tuple[str | Hunk, ...] = field(repr=False)
    tokens: Tokens

    @property
    def has_conflicts(self) -> bool:
        """Whether anything is left to people."""
        return any(isinstance(part, Hunk) for part in self.parts)

    @property
    def text(self) -> str:
        """The text with conflict markers."""
        return "".join(
            part if isinstance(part, str) else "".join(part.lines)
            for part in self.parts
        )

    @property
    def as_ours(self) -> str:
        """The text as if our side had been taken in every conflict."""
        return "".join(
            part if isinstance(part, str) else "".join(part.ours) for part in self.parts
        )


def merge_skeleton(
    base: Side, ours: Side, theirs: Side, decision: Decision, *, marker_size: int
) -> Skeleton:
    """Merge all that is not a value.

    Raises:
        InputError: Git cannot be run.
    """
    tokens = Tokens()
    texts = [_tokenized(side, decision, tokens) for side in (base, ours, theirs)]
    merged = merge_text(
        base=texts[0], ours=texts[1], theirs=texts[2], marker_size=marker_size
    )
    known = {piece.path for piece in base.pieces}
    may_comment = not _lost_comments(*texts)
    parts = [
        _united(part, tokens, known, may_comment=may_comment)
        if isinstance(part, Hunk)
        else part
        for part in _split(merged.text, marker_size)
    ]
    return Skeleton(parts=tuple(parts), tokens=tokens)


def _tokenized(side: Side, decision: Decision, tokens: Tokens) -> str:
    text = side.draft.text
    edits = list(_edits(side, decision, tokens))
    if side.draft.block:
        start, end = side.draft.block
        edits.append(Edit(start=start, end=end, text=tokens.of(BLOCK)))
    return apply_edits(text, edits)


def _edits(side: Side, decision: Decision, tokens: Tokens) -> Iterator[Edit]:
    for piece in side.pieces:
        own = (piece.path, identity(piece.value))
        key = own
        if piece.path == BINDING:
            key = own = BOUND
        elif not piece.in_list and piece.path in decision.values:
            key = (piece.path, identity(decision.values[piece.path]))
        tokens.sources.setdefault(own, []).append((side.draft.name, piece))
        if not piece.spelled and key == own:
            continue  # nothing stands there, and nothing shall
        lead = "" if piece.spelled else " "
        yield Edit(start=piece.start, end=piece.end, text=lead + tokens.of(key))


def _split(text: str, size: int) -> Iterator[str | Hunk]:
    """Part a merged text at its conflict markers; our labels begin and end them."""
    plain: list[str] = []
    hunk: list[str] | None = None
    for line in text.splitlines(keepends=True):
        if line.startswith("<" * size + " ours"):
            yield "".join(plain)
            plain, hunk = [], [line]
        elif hunk is None:
            plain.append(line)
        else:
            hunk.append(line)
            if line.startswith(">" * size + " theirs"):
                yield _hunk(hunk, size)
                hunk = None
    yield "".join(plain)


def _hunk(lines: Sequence[str], size: int) -> Hunk:
    marks = {sign: _first(lines, sign * size) for sign in "|="}
    return Hunk(
        lines=tuple(lines),
        ours=tuple(lines[1 : min(marks.values())]),
        theirs=tuple(lines[marks["="] + 1 : -1]),
    )


def _first(lines: Sequence[str], start: str) -> int:
    numbers = (n for n, line in enumerate(lines) if line.startswith(start))
    return next(numbers, len(lines))


def _united(
    hunk: Hunk, tokens: Tokens, known: set[Path], *, may_comment: bool
) -> str | Hunk:
    """Keep both sides' lines where each only adds keys that the other does not have."""
    sides = (hunk.ours, hunk.theirs)
    paths = [_added_paths(lines, tokens) for lines in sides]
    if not all(paths) or paths[0] & paths[1] or (paths[0] | paths[1]) & known:
        return hunk
    if not may_comment and any(_is_comment(line) for line in _lines_of(sides)):
        return hunk
    # What is indented more belongs to what stands above, so it goes first.
    first, second = sorted(sides, key=_indent, reverse=True)
    return "".join((*first, *second))


def _added_paths(lines: Iterable[str], tokens: Tokens) -> set[Path]:
    """Return the paths of `key: value` lines; empty when any other line is there."""
    paths: set[Path] = set()
    for line in lines:
        if _is_comment(line):
            continue
        keys = [path for path, _ in tokens.found_in(line)]
        if not _KEY_LINE.fullmatch(line.rstrip("\r\n")) or len(keys) > 1:
            return set()
        paths.update(keys)
    return paths


_KEY_LINE: Final = re.compile(r"""[ ]*(?:[\w.-]+|"[^"]*"|'[^']*'):(?:[ ].*)?""")


def _lines_of(sides: Iterable[Sequence[str]]) -> Iterator[str]:
    return (line for lines in sides for line in lines)


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _indent(lines: Sequence[str]) -> int:
    line = next(line for line in lines if not _is_comment(line))
    return len(line) - len(line.lstrip())


def _lost_comments(base: str, ours: str, theirs: str) -> bool:
    """Tell whether both sides changed a comment: then none is merely added."""
    kept = {*ours.splitlines(), *theirs.splitlines()}
    lines = (line for line in base.splitlines() if line.strip())
    return any(_is_comment(line) and line not in kept for line in lines)
