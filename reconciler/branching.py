"""What a branch changes, and who may: without a store and a key, for pull requests."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import DocumentError, InputError
from reconciler.core.freezing import notices
from reconciler.pipeline import Planned, PlanRequest, make_plan
from reconciler.wiring import App


def plan_against(app: App, rev: str, request: PlanRequest) -> Planned:
    """Return the plan of what changed since this branch left `rev`.

    It is the plan that `apply` would make if everything at that commit had been
    applied. Changes that are not committed yet count.

    Raises:
        InputError: There is no such commit, or no Git repository.
    """
    from reconciler.adapters.base_layers import before_of
    from reconciler.adapters.git_history import (
        base_of,
        changed_elsewhere,
        changes_since,
    )
    from reconciler.adapters.layers import self_contained
    from reconciler.adapters.stores.git_base import GitBase

    directory, folder = app.choices.directory, app.settings.connections
    commit = base_of(directory, rev)
    everything = changes_since(directory, commit, folder)
    before = before_of(directory, everything, folder=folder, variables=app.variables)
    source = app.source()
    store = GitBase(
        commit=commit,
        workspace=app.workspace,
        now=source.read().heads,
        changed=before.texts,
        parse=lambda text, file: source.parse(
            self_contained(before.source(text, file)), file=file
        ),
        at=app.clock.now(),
    )
    # Nothing is applied now: an open freeze is worth a word, and no refusal.
    free = replace(request, freezes=())
    planned = make_plan(replace(app.ports(store=store), source=source), free)
    behind = {*changed_elsewhere(directory, commit, rev, folder) & everything.keys()}
    broken = store.broken
    if app.sight:
        owners = {head.file: head.owner for head in planned.desired.heads.values()}
        behind = {one for one in behind if app.sight.may_see_path(one, owners)}
        broken = [one for one in broken if app.sight.may_see_path(one, owners)]
    warnings = (
        *planned.plan.warnings,
        *notices(request.freezes, now=app.clock.now()),
        *(f"{file}: {_BEHIND.format(rev=rev)}" for file in sorted(behind)),
        *(f"{file}: {_BROKEN}" for file in broken),
    )
    # What is suspended now as before is no news to those who review a branch.
    plan = replace(planned.plan, warnings=warnings, suspended=())
    return replace(planned, plan=plan)


def changes_not_allowed(app: App, actor: str, rev: str) -> tuple[Diagnostic, ...]:
    """Return what somebody may not change on this branch, by the policy of `rev`.

    Raises:
        InputError: There is no such commit, or its policy cannot be read.
    """
    from reconciler.adapters.actor_check import check_actor

    folder = app.settings.connections
    return check_actor(app.choices.directory, actor=actor, rev=rev, connections=folder)


def codeowners_text(app: App) -> str:
    """Return the CODEOWNERS file that the policy asks for.

    Raises:
        InputError: There is no policy.
        DocumentError: It is invalid.
    """
    from reconciler.adapters.actor_check import RULE_FILES
    from reconciler.adapters.policy_file import PolicyBook, codeowners

    book = PolicyBook(str(app.choices.directory))
    if book.data is None:
        raise InputError(f"there is no {book.name}; docs/policy.md shows one")
    if book.policy is None:
        raise DocumentError(book.problems)
    return codeowners(book.policy, rules=iter(RULE_FILES))


_BEHIND = (
    "{rev} changed it as well since this branch left it: merge or rebase before"
    " relying on this plan"
)
_BROKEN = "it was invalid before, so it counts as new"
