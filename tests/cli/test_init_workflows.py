"""The workflows that `init` writes: which, where, and what they do when they run."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.sandbox import sandbox_account
from tests.cli.cli_runner import ROOT
from tests.cli.hosting_checks import (
    expression_problems,
    gitlab_problems,
    workflow_problems,
)
from tests.cli.hosting_play import (
    Hub,
    load,
    playing_forge,
    run_gitlab_job,
    runner_environment,
)
from tests.cli.test_validate_since import commit, git
from tests.interop import peers

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")

REVIEW, APPLY = "reconcile-review.yml", "reconcile-apply.yml"
GITHUB = {f".github/workflows/{name}" for name in (REVIEW, APPLY)}
HOOKS = {".pre-commit-config.yaml"}
GITLAB = {".gitlab-ci.yml"}
EVERY = GITHUB | GITLAB | HOOKS
ACTIONLINT = "v1.7.12"


def written(done):
    return {line for line in done.out.splitlines() if Path(line).name in NAMES}


NAMES = {Path(one).name for one in EVERY}


# Which files, and where


@pytest.mark.parametrize(
    ("remote", "files"),
    [
        ("", GITHUB | HOOKS),
        ("git@github.com:desk/connections.git", GITHUB | HOOKS),
        ("https://github.example.com/desk/connections", GITHUB | HOOKS),
        ("https://user@gitlab.com/desk/connections.git", GITLAB | HOOKS),
        ("ssh://git@gitlab.example.com:2222/desk/connections", GITLAB | HOOKS),
        ("https://bitbucket.org/desk/connections", set()),
        ("../bare.git", set()),
    ],
)
def test_the_remote_says_which_workflows(bare, remote, files):
    git(bare, "init", "-q", "-b", "main")
    if remote:
        git(bare, "remote", "add", "origin", remote)

    assert written(bare.here("init")) == files


@pytest.mark.parametrize(
    ("wishes", "files"),
    [
        (["none"], set()),
        (["gitlab"], GITLAB | HOOKS),
        (["github", "gitlab"], EVERY),
    ],
)
def test_ci_says_which_workflows(bare, wishes, files):
    arguments = [word for wish in wishes for word in ("--ci", wish)]

    assert written(bare.here("init", *arguments)) == files


def test_none_goes_with_nothing_else(bare):
    bare.here("init", "--ci", "none", "--ci", "github", code=64)

    assert list(bare.path.iterdir()) == []


def test_what_is_there_is_left_and_told(bare):
    (bare.path / ".pre-commit-config.yaml").write_text("repos: []\n")

    done = bare.here("init", "--format", "json")

    assert bare.read(".pre-commit-config.yaml") == "repos: []\n"
    assert done.json["left"] == [".pre-commit-config.yaml"]
    assert "Left as it was: .pre-commit-config.yaml" in done.err


def test_workflows_can_be_added_to_an_older_repository(bare):
    bare.here("init", "--ci", "none")
    (bare.path / "reconcile.yaml").write_text("version: 1\nworkspace: mine\n")

    done = bare.here("init", "--ci", "github")

    assert set(done.out.split()) == GITHUB | HOOKS
    assert bare.read("reconcile.yaml") == "version: 1\nworkspace: mine\n"


def test_a_folder_of_a_larger_repository_is_asked_for(bare):
    git(bare, "init", "-q", "-b", "master")

    assert written(bare.here("init", "desk")) == set()
    done = bare.here("init", "desk", "--ci", "github")

    assert {Path(line) for line in done.out.split()} == {
        bare.path.resolve() / one for one in GITHUB | HOOKS
    }
    apply = load(bare.path / ".github/workflows" / APPLY)
    assert apply["env"]["RECONCILE_CHDIR"] == "desk"
    assert apply["on"]["push"]["branches"] == ["master"]
    assert "desk/.reconcile/state.json" in bare.read(f".github/workflows/{APPLY}")
    assert "reconcile -C desk validate" in bare.read(".pre-commit-config.yaml")


def test_a_branch_that_could_end_a_quotation_is_refused(bare):
    git(bare, "init", "-q", "-b", "main")
    git(bare, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/a'b")

    done = bare.here("init", code=1)

    assert "cannot stand in a workflow" in done.err
    assert not (bare.path / ".github").exists()


def test_the_package_can_be_named(bare):
    bare.here("init", "--ci", "github", "--ci", "gitlab", "--package", "there==2.0")

    for file in EVERY:
        assert "there==2.0" in bare.read(file)
        assert "reconcile-connections" not in bare.read(file)


# What they look like


@pytest.fixture
def files(bare):
    bare.here("init", "--ci", "github", "--ci", "gitlab")
    return bare


@pytest.mark.parametrize("name", [REVIEW, APPLY])
def test_a_workflow_is_narrow_and_not_injectable(files, name):
    path = files.path / ".github/workflows" / name

    assert list(workflow_problems(path.read_text(), load(path))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  pull_request:", "  pull_request_target:"),
        ("permissions: {}", "permissions: write-all"),
        ("      contents: read", "      contents: write"),
        ("    permissions:\n      contents: read", "    environment: none"),
        ("persist-credentials: false", "persist-credentials: true"),
        ("actions/checkout@v6", "actions/checkout@main"),
        ('"origin/$GITHUB_BASE_REF"', '"${{ github.base_ref }}"'),
        ("timeout-minutes: 10", "max-parallel: 10"),
        ("github.token }}", "github.token }"),
        ("github.token", "gitlab.token"),
        ("      pull-requests: write", "      packages: write"),
        ("          import json\n", "          reconcile plan\n"),
    ],
)
def test_the_check_sees_what_is_wrong(files, old, new):
    path = files.path / ".github/workflows" / REVIEW
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))

    assert list(workflow_problems(path.read_text(), load(path))) != []


def test_only_apply_sees_a_secret(files):
    assert "secrets." not in files.read(f".github/workflows/{REVIEW}")
    jobs = load(files.path / ".github/workflows" / APPLY)["jobs"]
    seeing = [
        step["name"]
        for step in jobs["apply"]["steps"]
        if "secrets." in json.dumps(step)
    ]
    assert seeing == ["Apply", "Test what runs"]
    assert jobs["apply"]["environment"] == "reconcile"


def test_a_pipeline_of_gitlab_has_known_keys(files):
    assert list(gitlab_problems(load(files.path / ".gitlab-ci.yml"))) == []


@pytest.fixture(scope="session")
def actionlint():
    """The linter, built once per machine; the user's own cache must still be seen."""
    source = f"github.com/rhysd/actionlint/cmd/actionlint@{ACTIONLINT}"
    found = peers._from_go("actionlint", ACTIONLINT, [source], install=True)
    if found.path is None:
        pytest.skip(str(found))
    return found.path


@pytest.mark.timeout(600)
def test_actionlint_agrees(actionlint, files):
    git(files, "init", "-q")

    done = subprocess.run(
        (actionlint, "-no-color"),
        cwd=files.path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout + done.stderr == ""


# What they do on GitHub


@pytest.fixture
def origin(live, tmp_path):
    """A repository with workflows on main, and one connection in it."""
    account = sandbox_account("binance")
    live.here("init", "--ci", "github", "--ci", "gitlab")
    git(live, "init", "-q", "-b", "main")
    live.new("spot", api_key=account.api_key, api_secret=account.api_secret)
    commit(live)
    return live


@pytest.fixture
def forge():
    with playing_forge() as found:
        yield found


def pull_request(origin, tmp_path, forge, *, fork=False):
    """Return the hub of a pull request: a clone at the merge of the branch."""
    commit(origin)
    git(origin, "switch", "-q", "main")
    git(origin, "merge", "-q", "--no-ff", "--no-edit", "topic")
    git(origin, "branch", "-q", "merged")
    git(origin, "reset", "-q", "--hard", "HEAD^")
    clone = clone_of(origin, tmp_path, "merged")
    whose = "stranger/connections" if fork else "desk/connections"
    event = {
        "pull_request": {
            "number": 5,
            "head": {"repo": {"full_name": whose}},
            "user": {"login": "alice"},
        },
    }
    github = {
        "event": event,
        "event_name": "pull_request",
        "base_ref": "main",
        "ref": "refs/pull/5/merge",
        "repository": "desk/connections",
        "actor": "alice",
        "token": "a-token",
    }
    temp = tmp_path / "runner"
    temp.mkdir(exist_ok=True)
    env = runner_environment(origin, GITHUB_API_URL=forge.url)
    return Hub(temp=temp, clone=clone, env=env, github=github)


def commit_all(origin):
    git(origin, "add", "-A")
    git(origin, "commit", "-q", "--allow-empty", "-m", "m")


def clone_of(origin, tmp_path, branch):
    clone = tmp_path / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    git(origin, "clone", "-q", str(origin.path), str(clone))
    git(origin, "-C", str(clone), "switch", "-q", "--detach", f"origin/{branch}")
    return clone


def branch(origin):
    git(origin, "switch", "-qc", "topic")
    return origin


def test_a_good_pull_request_is_green_and_told(origin, tmp_path, forge):
    branch(origin).new("public")
    hub = pull_request(origin, tmp_path, forge)

    steps = hub.run_job(REVIEW, "review")
    comment = hub.run_job(REVIEW, "comment")
    scanning = hub.run_job(REVIEW, "code-scanning")

    assert [step for step in steps.values() if step.code] == []
    assert "1 to create" in hub.summary
    assert {step.code for step in comment.values()} == {0}
    [said] = forge.comments
    assert said["body"].startswith("<!-- reconcile plan -->\n### ")
    assert "public" in said["body"]
    assert scanning is not None
    sarif = json.loads(hub.uploads[0].read_text())
    assert sarif["version"] == "2.1.0"
    assert sarif["runs"][0]["results"] == []


def test_the_comment_is_kept_up_to_date(origin, tmp_path, forge):
    for number in range(130):
        forge.say(f"remark {number}")
    forge.say("<!-- reconcile plan -->\nnot ours", login="mallory")
    branch(origin).new("public")
    hub = pull_request(origin, tmp_path, forge)
    hub.run_job(REVIEW, "review")
    hub.run_job(REVIEW, "comment")
    plan = hub.temp / "artifacts/reconcile-review/plan.md"
    plan.write_text("### 2 to create\n" + "x" * 70_000)

    hub.run_job(REVIEW, "comment")

    assert len(forge.comments) == 132
    assert "not ours" in forge.comments[130]["body"]
    last = forge.comments[131]["body"]
    assert last.startswith("<!-- reconcile plan -->\n### 2 to create")
    assert len(last) == 65_536
    assert [method for method, _ in forge.requests if method != "GET"] == [
        "POST",
        "PATCH",
    ]


def test_a_bad_pull_request_is_red_at_the_right_line(origin, tmp_path, forge):
    branch(origin).new("public")
    origin.edit("public", "type: ccxt_crypto", "type: ccxt_krypto")
    hub = pull_request(origin, tmp_path, forge)

    steps = hub.run_job(REVIEW, "review")
    hub.run_job(REVIEW, "comment")

    assert steps["Validate"].code == 3
    assert "::error file=connections.d/public.yaml,line=4" in steps["Validate"].out
    assert steps["Write the problems down for code scanning"].code == 0
    assert steps["Plan"].code == 3
    assert len(forge.comments) == 1
    artifact = hub.temp / "artifacts/reconcile-review/reconcile.sarif"
    [result] = json.loads(artifact.read_text())["runs"][0]["results"]
    assert result["ruleId"].startswith("R")


def test_a_fork_is_reviewed_without_a_secret_or_a_comment(origin, tmp_path, forge):
    branch(origin).new("public")
    hub = pull_request(origin, tmp_path, forge, fork=True)

    steps = hub.run_job(REVIEW, "review")

    assert [step for step in steps.values() if step.code] == []
    assert "1 to create" in hub.summary
    assert hub.run_job(REVIEW, "comment") is None
    assert hub.run_job(REVIEW, "code-scanning") is None
    assert forge.requests == []


def put_policy(origin, admins):
    [public] = re.findall(r"age1[0-9a-z]{20,}", origin.read(".sops.yaml"))
    text = f"version: 1\nadmins: [{admins}]\nrecipients: [{public}]\n"
    (origin.path / "policy.yaml").write_text(text)
    commit(origin)


@pytest.mark.parametrize(
    ("admins", "pushed_by", "codes"),
    [
        ("alice, bob", "bob", (0, 0)),
        ("alice", "alice", (0, None)),
        ("bob", "alice", (3, None)),
        ("alice", "bob", (0, 3)),
        ("bob", "bob", (3, 0)),
    ],
)
def test_author_and_pusher_must_both_be_allowed(
    origin, tmp_path, forge, admins, pushed_by, codes
):
    put_policy(origin, admins)
    branch(origin).new("public")
    hub = pull_request(origin, tmp_path, forge)
    hub.github["actor"] = pushed_by

    steps = hub.run_job(REVIEW, "review")

    second = steps.get("Validate for whoever pushed to it last")
    assert (steps["Validate"].code, second and second.code) == codes
    assert ("R510" in "".join(one.out for one in steps.values())) is (3 in codes)


def test_gitlab_asks_who_started_the_pipeline(origin, tmp_path, forge):
    put_policy(origin, "bob")
    branch(origin).new("public")
    clone, env = merge_request(origin, tmp_path, forge)

    refused = run_gitlab_job(clone, "review", env)
    allowed = run_gitlab_job(clone, "review", {**env, "GITLAB_USER_LOGIN": "bob"})

    assert (refused.code, allowed.code) == (3, 0), (refused, allowed)


def pushed(origin, tmp_path, *, event="push", key=True, **inputs):
    """Return the hub of a push to main; its cache is that of the pushes before."""
    commit_all(origin)
    clone = clone_of(origin, tmp_path, "main")
    text = (origin.path.parent / "home/config/sops/age/keys.txt").read_text()
    secret = next(line for line in text.splitlines() if line.startswith("AGE-"))
    temp = tmp_path / "runner"
    temp.mkdir(exist_ok=True)
    shutil.rmtree(temp / "apply", ignore_errors=True)
    return Hub(
        temp=temp,
        clone=clone,
        env=runner_environment(origin),
        github={
            "event_name": event,
            "ref": "refs/heads/main",
            "repository": "desk/connections",
            "actor": "alice",
            "run_id": "1",
            "run_attempt": "1",
        },
        secrets={"SOPS_AGE_KEY": secret} if key else {},
        inputs=inputs,
    )


def test_a_push_is_applied_and_remembered(origin, tmp_path):
    first = pushed(origin, tmp_path)
    steps = first.run_job(APPLY, "apply")
    second = pushed(origin, tmp_path)
    again = second.run_job(APPLY, "apply")

    assert [step for step in steps.values() if step.code] == []
    assert "1 to create" in steps["Apply"].out + steps["Apply"].err
    assert "spot" in first.summary
    report = json.loads(
        (first.temp / "artifacts/reconcile-reports-1/apply.json").read_text()
    )
    assert report["exit_code"] == 0
    assert "nothing to do" in again["Apply"].out + again["Apply"].err
    assert not list((first.temp / "cache").rglob("*.lock"))
    secret = first.secrets["SOPS_AGE_KEY"]
    said = first.summary + "".join(one.out + one.err for one in steps.values())
    assert secret not in said
    assert not [
        path
        for path in first.temp.rglob("*")
        if path.is_file() and secret in path.read_text(errors="replace")
    ]


def test_one_rejected_fails_the_job_and_the_others_are_applied(
    origin, tmp_path, sandbox
):
    pushed(origin, tmp_path).run_job(APPLY, "apply")
    origin.edit("spot", "timeframes: [1h]", "timeframes: [4h]")
    kraken = sandbox_account("kraken")
    origin.new(
        "second",
        provider="kraken",
        api_key=kraken.api_key,
        api_secret=kraken.api_secret,
    )
    sandbox.set_fault("binance", "maintenance")
    hub = pushed(origin, tmp_path)

    steps = hub.run_job(APPLY, "apply")
    sandbox.clear_faults()
    healed = pushed(origin, tmp_path, retry=True).run_job(APPLY, "apply")

    assert steps["Apply"].code == 5
    assert "maintenance" in hub.summary
    assert "actions/cache/save@v5" in steps
    assert healed["Apply"].code == 0
    assert "1 to test again" in healed["Apply"].out + healed["Apply"].err


def test_a_push_without_a_key_says_so(origin, tmp_path):
    hub = pushed(origin, tmp_path, key=False)

    steps = hub.run_job(APPLY, "apply")

    assert steps["Apply"].code == 1
    assert "key" in steps["Apply"].err


def test_a_guard_refuses_and_the_form_overrides_it(origin, tmp_path):
    for number in range(10):
        origin.new(f"public-{number}")
    pushed(origin, tmp_path).run_job(APPLY, "apply")
    for number in range(5):
        origin.file(f"public-{number}").unlink()

    refused = pushed(origin, tmp_path).run_job(APPLY, "apply")
    allowed = pushed(
        origin, tmp_path, event="workflow_dispatch", **{"allow-removals": 5}
    ).run_job(APPLY, "apply")

    assert refused["Apply"].code == 4
    assert allowed["Apply"].code == 0


def test_a_schedule_applies_and_tests_what_runs(origin, tmp_path):
    hub = pushed(origin, tmp_path, event="schedule")

    steps = hub.run_job(APPLY, "apply")

    assert steps["Test what runs"].code == 0
    folder = hub.temp / "artifacts/reconcile-reports-1"
    assert json.loads((folder / "test.json").read_text())["command"] == "test"


def test_another_branch_is_not_applied(origin, tmp_path):
    hub = pushed(origin, tmp_path, event="workflow_dispatch")
    hub.github["ref"] = "refs/heads/topic"

    assert hub.run_job(APPLY, "apply") is None


def wait_for_a_request(sandbox, process):
    """Wait until a command asks the silent provider; say why when it ends before."""
    until = time.monotonic() + 60
    while not any("binance" in request.host for request in sandbox.requests):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (15, 143)])
def test_a_cancelled_job_ends_reconcile_and_frees_the_lock(
    origin, tmp_path, sandbox, number, code
):
    hub = pushed(origin, tmp_path)
    [step] = [
        one
        for one in load(hub.clone / f".github/workflows/{APPLY}")["jobs"]["apply"][
            "steps"
        ]
        if one.get("name") == "Apply"
    ]
    sandbox.set_fault("binance", "timeout")
    env = {key: hub.value(text) for key, text in step["env"].items()}

    process = hub.start_script(step, env)
    wait_for_a_request(sandbox, process)
    process.send_signal(number)
    process.communicate(timeout=40)

    assert process.returncode == code
    listed = origin.here("-C", str(hub.clone), "state", "list")
    assert "The lock is free." in listed.out


# What they do on GitLab


def merge_request(origin, tmp_path, forge, **more):
    hub = pull_request(origin, tmp_path, forge)
    base = git_text(origin, "merge-base", "main", "topic")
    env = runner_environment(
        origin,
        CI_API_V4_URL=forge.url,
        CI_PROJECT_ID="3",
        CI_MERGE_REQUEST_IID="5",
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
        CI_PIPELINE_SOURCE="merge_request_event",
        GITLAB_USER_LOGIN="alice",
        **more,
    )
    return hub.clone, env


def git_text(repo, *arguments):
    done = subprocess.run(
        ("git", *arguments), cwd=repo.path, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_merge_request_is_reviewed_and_noted_once(origin, tmp_path, forge):
    forge.say("<!-- reconcile plan -->\nnot ours")
    branch(origin).new("public")
    clone, env = merge_request(origin, tmp_path, forge, GITLAB_TOKEN="a-token")

    review = run_gitlab_job(clone, "review", env)
    first = run_gitlab_job(clone, "comment", env)
    second = run_gitlab_job(clone, "comment", env)

    assert (review.code, first.code, second.code) == (0, 0, 0), (review, first)
    assert "1 to create" in review.out
    assert [one["body"][:30] for one in forge.comments] == [
        "<!-- reconcile plan -->\nnot ou",
        forge.comments[1]["body"][:30],
    ]
    assert [m for m, _ in forge.requests if m != "GET"] == ["POST", "PUT"]
    assert (clone / "reconcile-junit.xml").read_text().startswith("<?xml")


def test_a_bad_merge_request_is_red_and_has_its_reports(origin, tmp_path, forge):
    branch(origin).new("public")
    origin.edit("public", "type: ccxt_crypto", "type: ccxt_krypto")
    clone, env = merge_request(origin, tmp_path, forge)

    review = run_gitlab_job(clone, "review", env)

    assert review.code == 3
    assert "connections.d/public.yaml:4" in review.out
    assert "<failure" in (clone / "reconcile-junit.xml").read_text()
    assert (clone / "reconcile-plan.md").read_text().startswith("### ")


@pytest.mark.parametrize(("source", "code"), [("push", 5), ("schedule", 5)])
def test_gitlab_applies_tests_and_keeps_the_worst_code(
    origin, tmp_path, sandbox, source, code
):
    hub = pushed(origin, tmp_path)
    env = {**hub.env, **hub.secrets, "CI_PIPELINE_SOURCE": source}

    good = run_gitlab_job(hub.clone, "apply", env)
    shutil.copy2(origin.file("spot"), hub.clone / "connections.d/spot.yaml")
    file = hub.clone / "connections.d/spot.yaml"
    file.write_text(file.read_text().replace("[1h]", "[4h]"))
    sandbox.set_fault("binance", "maintenance")
    bad = run_gitlab_job(hub.clone, "apply", env)

    assert good.code == 0, good
    assert bad.code == code, bad
    assert (hub.clone / "reconcile-apply.md").read_text()


# What this repository offers: an action, and hooks


def action_hub(repo, tmp_path, **wishes):
    document = load(ROOT / "action.yml")
    given = {name: one["default"] for name, one in document["inputs"].items()}
    temp = tmp_path / "runner"
    temp.mkdir(exist_ok=True)
    hub = Hub(
        temp=temp,
        clone=repo.path,
        env={**repo.environment(), "GITHUB_ACTION_PATH": str(ROOT)},
        github={"ref": "x", "actor": "a", "repository": "r", "event_name": "push"},
        inputs={**given, "version": "0.1.0", **wishes},
    )
    hub.env["PIP_NO_INDEX"] = "1"
    hub.runner_temp = temp
    hub.steps = {"python": {"outputs": {"python-path": sys.executable}}}
    return hub, document


def run_action(repo, tmp_path, **wishes):
    hub, document = action_hub(repo, tmp_path, **wishes)
    for step in document["runs"]["steps"]:
        if "run" in step:
            env = {key: hub.value(text) for key, text in step["env"].items()}
            done, outputs = hub.run_script(step, step["name"], env)
            if done.code:
                break
    return done, outputs, hub.summary


def test_the_action_has_known_keys_and_no_injectable_script():
    text, document = (ROOT / "action.yml").read_text(), load(ROOT / "action.yml")

    assert list(expression_problems(text)) == []
    assert document["runs"]["using"] == "composite"
    for step in document["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert "run" not in step or step["shell"] == "bash"


def test_the_action_plans(applied, tmp_path):
    applied.edit("spot", "timeframes: [1h]", "timeframes: [4h]")

    done, outputs, summary = run_action(
        applied, tmp_path, command="plan", args="--detailed-exitcode --target 'sp*'"
    )

    assert done.code == 2, done
    assert outputs["exit-code"] == "2"
    assert outputs["changes"] == "1"
    assert len(outputs["digest"]) == 16
    assert summary.startswith("### ")


def test_the_action_plans_against_a_commit(applied, tmp_path):
    git(applied, "init", "-q", "-b", "main")
    commit(applied)
    applied.new("public")

    done, outputs, summary = run_action(
        applied, tmp_path, command="plan", args="--base main"
    )

    assert (done.code, outputs["changes"]) == (0, "1")
    assert "public" in summary


def test_the_action_applies_what_was_reviewed(binance, tmp_path):
    _, planned, _ = run_action(binance, tmp_path, command="plan")

    done, outputs, summary = run_action(
        binance, tmp_path, command="apply", args=f"--expect {planned['digest']}"
    )

    assert done.code == 0, done
    assert outputs == {**planned, "exit-code": "0"}
    assert "spot" in summary


def test_the_action_validates_and_refuses_an_injection(repo, tmp_path):
    repo.file("broken").write_text("name: broken\n")

    done, outputs, _ = run_action(
        repo, tmp_path, command="validate", args="'; touch here' $(touch here)"
    )

    assert done.code in {1, 3, 64}
    assert outputs["exit-code"] == str(done.code)
    assert not (repo.path / "here").exists()


def test_the_action_passes_a_cancellation_on(applied, tmp_path, sandbox):
    hub, document = action_hub(applied, tmp_path, command="test", args="--all")
    step = document["runs"]["steps"][-1]
    env = {key: hub.value(text) for key, text in step["env"].items()}
    sandbox.reset_requests()
    sandbox.set_fault("binance", "timeout")

    process = hub.start_script(step, env)
    wait_for_a_request(sandbox, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)

    assert process.returncode == 143
    assert "The lock is free." in applied.here("state", "list").out


def test_every_hook_runs_and_refuses_what_it_is_for(repo):
    hooks = {one["id"]: one for one in load(ROOT / ".pre-commit-hooks.yaml")}
    repo.new("public")
    good = "connections.d/public.yaml"
    repo.file("plain").write_text(
        repo.read(good).replace("name: public", "name: plain")
        + "credentials: {api_key: plain-text, api_secret: plain-text}\n"
    )

    for hook in hooks.values():
        if hook["language"] == "python":
            words = hook["entry"].split()[1:]
            repo.here(*words, good)
            repo.here(*words, "connections.d/plain.yaml", code=3)

    private = (repo.path.parent / "home/config/sops/age/keys.txt").read_text()
    secret = hooks["reconcile-no-private-key"]
    assert re.search(secret["entry"], private)
    assert re.search(secret["entry"], "-----BEGIN OPENSSH " + "PRIVATE KEY-----")
    for innocent in (".sops.yaml", ".pre-commit-config.yaml"):
        assert not re.search(secret["entry"], repo.read(innocent))


def test_the_written_hooks_are_those_of_this_repository(files):
    offered = {one["id"]: one for one in load(ROOT / ".pre-commit-hooks.yaml")}
    [local] = load(files.path / ".pre-commit-config.yaml")["repos"]

    for hook in local["hooks"]:
        there = offered[hook["id"]]
        assert hook["name"] == there["name"]
        assert hook["entry"].replace(" -C .", "") == there["entry"]
        assert hook["language"] == there["language"]
