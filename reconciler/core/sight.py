"""What one login sees of everything: only what is theirs; pure.

Names of others leak through more than rows: through counts, through what an error
says, through a file named beside another. So whole readings are cut down before
anything is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.policy import Policy, Seen, matches, may_see, seen_by
from reconciler.core.ports import DesiredSet
from reconciler.core.run import RunReport, count_rows

ANOTHER = "another file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One login under a policy, and whose connections they see."""

    login: str
    policy: Policy
    seen: Seen

    @property
    def is_everything(self) -> bool:
        """Tell whether this is an admin."""
        return self.seen is None

    @property
    def is_known(self) -> bool:
        """Tell whether the policy names the login at all."""
        users = self.policy.users.values()
        return self.is_everything or any(self.login in user.logins for user in users)

    def may_see(self, owner: str) -> bool:
        """Tell whether an owner's connections are theirs to see."""
        return may_see(self.seen, owner)

    def may_see_file(self, file: str, owner: str = "") -> bool:
        """Tell whether a file is theirs; without a known owner by its folder."""
        if self.is_everything:
            return True
        if owner:
            return self.may_see(owner)
        return any(
            self.may_see(one) and any(matches(pattern, file) for pattern in grant.paths)
            for one, grant in self.policy.owners.items()
        )

    def may_see_path(self, file: str, owners: Mapping[str, str]) -> bool:
        """Tell the same, from the owners of the files that can be read."""
        return self.may_see_file(file, owners.get(file, ""))


def sight_of(policy: Policy, login: str) -> Sight:
    """Return what a login sees; one that the policy does not name sees nothing."""
    return Sight(login=login, policy=policy, seen=seen_by(policy, login))


def seen_set(sight: Sight, desired: DesiredSet) -> DesiredSet:
    """Return a reading of the files as if there were no others."""
    if sight.is_everything:
        return desired
    owners = {head.file: head.owner for head in desired.heads.values()}
    heads = {n: one for n, one in desired.heads.items() if sight.may_see(one.owner)}
    told = seen_problems(sight, desired.diagnostics, owners)
    broken = {_stem(one.span.file) for one in told} & desired.invalid_names
    return replace(
        desired,
        heads=heads,
        diagnostics=told,
        invalid_names=frozenset(broken - heads.keys()),
        files=len(heads) + len(broken - heads.keys()),
        allowed=tuple(
            replace(one, diagnostic=told_of)
            for one in desired.allowed
            for told_of in seen_problems(sight, [one.diagnostic], owners)
        ),
    )


def seen_problems(
    sight: Sight, problems: Iterable[Diagnostic], owners: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    """Return the problems in files that are theirs, without the names of others.

    Args:
        sight: Who looks.
        problems: What was found.
        owners: Whose each file is that could be read.
    """
    found = tuple(problems)
    if sight.is_everything:
        return found
    files = {*owners, *(one.span.file for one in found)}
    files |= {place.file for one in found for place, _ in one.related}
    hidden = sorted(
        (file for file in files if not sight.may_see_path(file, owners)),
        key=len,
        reverse=True,
    )
    gone = frozenset(hidden)
    turned = (_turned(one, gone) for one in found)
    return tuple(_without(one, hidden, gone) for one in turned if one)


def seen_report(sight: Sight, report: RunReport) -> RunReport:
    """Return a report of what is theirs, its counts included.

    What a guard or an error said of the whole run is left out.
    """
    if sight.is_everything:
        return report
    rows = tuple(
        row for row in report.connections if row.owner and sight.may_see(row.owner)
    )
    names = {row.name for row in rows}
    return replace(
        report,
        connections=rows,
        counts=count_rows(rows),
        diagnostics=seen_problems(sight, report.diagnostics, {}),
        refusals=tuple(
            one for one in report.refusals if one.names and names.issuperset(one.names)
        ),
        error="the run could not finish" if report.error else "",
    )


def _turned(problem: Diagnostic, gone: frozenset[str]) -> Diagnostic | None:
    """Return a problem at a file that is theirs, None when it concerns none."""
    if problem.span.file not in gone:
        return problem
    mine = [place for place, _ in problem.related if place.file not in gone]
    if not mine:
        return None
    message = problem.message.replace(mine[0].file, ANOTHER)
    return replace(problem, span=mine[0], message=message, related=())


def _without(
    problem: Diagnostic, hidden: Iterable[str], gone: frozenset[str]
) -> Diagnostic:
    message, hint = problem.message, problem.hint
    for file in hidden:
        message, hint = message.replace(file, ANOTHER), hint.replace(file, ANOTHER)
    related = tuple(one for one in problem.related if one[0].file not in gone)
    return replace(problem, message=message, hint=hint, related=related)


def _stem(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]
