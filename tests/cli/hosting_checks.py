"""What a workflow must be before anybody runs it: known, narrow, and not injectable."""

from __future__ import annotations

import re

TOP = {"name", "on", "permissions", "concurrency", "env", "defaults", "jobs"}
JOB = {
    "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "outputs",
    "steps", "env", "environment", "continue-on-error",
}  # fmt: skip
STEP = {"name", "id", "if", "uses", "with", "run", "shell", "env", "working-directory"}
EVENTS = {"pull_request", "push", "schedule", "workflow_dispatch"}
SCOPES = {"actions", "contents", "pull-requests", "security-events"}
CONTEXTS = {"github", "secrets", "inputs", "needs", "steps", "runner", "env", "vars"}
FUNCTIONS = {"always", "cancelled", "success", "failure", "hashFiles"}
PINNED = re.compile(r"[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})")

GITLAB_TOP = {"stages", "workflow", "variables"}
GITLAB_JOB = {
    "extends", "image", "stage", "timeout", "interruptible", "rules", "script",
    "before_script", "artifacts", "needs", "variables", "cache", "environment",
    "resource_group",
}  # fmt: skip


def workflow_problems(text, document):
    """Yield what is wrong with a GitHub workflow."""
    yield from (f"unknown key {key}" for key in document.keys() - TOP)
    yield from (f"event {event}" for event in set(document["on"]) - EVENTS)
    if document.get("permissions") != {} and "permissions: {}" not in text:
        yield "the workflow grants permissions to every job"
    yield from expression_problems(text)
    for name, job in document["jobs"].items():
        yield from (f"{name}: {one}" for one in _job_problems(job))


def _job_problems(job):
    yield from (f"unknown key {key}" for key in job.keys() - JOB)
    if not isinstance(job.get("permissions"), dict):
        yield "permissions are missing"
    else:
        yield from (f"scope {one}" for one in job["permissions"].keys() - SCOPES)
        if job["permissions"].get("contents", "read") != "read":
            yield "may write to the repository"
    if not job.get("timeout-minutes", "").isdigit():
        yield "no time limit"
    for step in job["steps"]:
        yield from _step_problems(step)
    writes = "write" in job.get("permissions", {}).values()
    scripts = [
        re.sub("<!--.*?-->", "", step.get("run", "")).split() for step in job["steps"]
    ]
    if writes and any("reconcile" in words for words in scripts):
        yield "a token that may write is beside what a pull request brings"


def _step_problems(step):
    what = step.get("name") or step.get("uses")
    yield from (f"{what}: unknown key {key}" for key in step.keys() - STEP)
    if ("run" in step) == ("uses" in step):
        yield f"{what}: either run or uses"
    if "${{" in step.get("run", ""):
        yield f"{what}: an expression in a script"
    if "uses" in step and not PINNED.fullmatch(step["uses"]):
        yield f"{what}: not pinned"
    checks_out = step.get("uses", "").startswith("actions/checkout@")
    if checks_out and step.get("with", {}).get("persist-credentials") != "false":
        yield f"{what}: leaves its token on the disk"


def expression_problems(text):
    """Yield expressions that are open, unbalanced or of an unknown context."""
    if text.count("${{") != len(
        found := re.findall(r"\$\{\{(.*?)\}\}", text, re.DOTALL)
    ):
        yield "an expression is not closed"
    for one in found:
        bare = re.sub(r"'[^']*'", "", one)
        if bare.count("(") != bare.count(")") or one.count("'") % 2:
            yield f"unbalanced: {one}"
        for word in re.findall(r"(?<![\w.-])([A-Za-z][\w-]*)(?=[.(])", bare):
            if word not in CONTEXTS | FUNCTIONS:
                yield f"unknown in an expression: {word}"


def gitlab_problems(document):
    """Yield what is wrong with a GitLab pipeline."""
    for name, job in document.items():
        if name in GITLAB_TOP:
            continue
        yield from (f"{name}: unknown key {key}" for key in job.keys() - GITLAB_JOB)
        if name.startswith("."):
            continue
        if job["stage"] not in document["stages"]:
            yield f"{name}: unknown stage"
        if not job.get("rules"):
            yield f"{name}: runs always"
        if "extends" in job and job["extends"] not in document:
            yield f"{name}: extends nothing"
        if "timeout" not in job:
            yield f"{name}: no time limit"
        if not all(isinstance(line, str) for line in job["script"]):
            yield f"{name}: a script line is no text"
