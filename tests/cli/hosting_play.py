"""What GitHub and GitLab do with a repository's workflows, played on this machine.

Every `run:` step and script line is run as the service would, in order, with the
environment it sets. Actions of others are played by what they are for: artifacts and
caches are folders. Conditions are evaluated, so that what a fork cannot do is seen.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import yaml

from tests.cli.cli_runner import ROOT

BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
LIMIT_S = 90


def load(path):
    """Read YAML with every scalar as text, so that the key `on` stays one."""
    return yaml.load(Path(path).read_text(), Loader=yaml.BaseLoader)  # noqa: S506  # text only


@dataclass(frozen=True)
class Step:
    """How one step ended."""

    name: str
    code: int
    out: str = ""
    err: str = ""


@dataclass
class Hub:
    """One run of a workflow; artifacts and caches outlive its jobs."""

    temp: Path
    clone: Path
    env: dict[str, str]
    github: dict[str, object]
    secrets: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, object] = field(default_factory=dict)
    needs: dict[str, object] = field(default_factory=dict)
    summary: str = ""
    uploads: list[Path] = field(default_factory=list)

    def run_job(self, workflow, name):
        """Run one job; None when its condition does not hold."""
        document = load(self.clone / ".github/workflows" / workflow)
        job = document["jobs"][name]
        if not self._holds(job.get("if", "success()"), failed=False):
            return None
        self.steps, self.done = {}, []
        self.runner_temp = self.temp / name
        self.runner_temp.mkdir(parents=True, exist_ok=True)
        env = {**document.get("env", {}), **job.get("env", {})}
        env = {key: self.value(text) for key, text in env.items()}
        for step in job["steps"]:
            self._run_step(step, env)
        outputs = {k: self.value(v) for k, v in job.get("outputs", {}).items()}
        self.needs[name] = {"outputs": outputs, "result": "done"}
        return {step.name: step for step in self.done}

    def _run_step(self, step, env):
        name = step.get("name") or step["uses"]
        ident = step.get("id", name)
        failed = any(one.code for one in self.done)
        if not self._holds(step.get("if", "success()"), failed=failed):
            self.steps[ident] = {"outcome": "skipped", "outputs": {}}
            return
        if "uses" in step:
            with_ = {k: self.value(v) for k, v in step.get("with", {}).items()}
            self._play(step["uses"].partition("@")[0], with_)
            done, outputs = Step(name, 0), {}
        else:
            own = {k: self.value(v) for k, v in step.get("env", {}).items()}
            done, outputs = self.run_script(step, name, {**env, **own})
        self.done.append(done)
        outcome = "failure" if done.code else "success"
        self.steps[ident] = {"outcome": outcome, "outputs": outputs}

    def run_script(self, step, name, env):
        assert "${{" not in step["run"]
        process = self.start_script(step, env)
        out, err = process.communicate(timeout=LIMIT_S)
        self.summary += (self.temp / "summary").read_text()
        lines = (self.temp / "output").read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        return Step(name, process.returncode, out, err), outputs

    def start_script(self, step, env):
        """Begin a step as its runner does: a process of its own."""
        for name in ("summary", "output"):
            (self.temp / name).write_text("")
        script = self.temp / "script"
        script.write_text(step["run"])
        shell = (sys.executable,) if step.get("shell") == "python" else BASH
        return subprocess.Popen(
            (*shell, str(script)),
            cwd=self.clone,
            env={**self.environment(), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environment(self):
        return {
            **self.env,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.clone),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "RUNNER_TEMP": str(getattr(self, "runner_temp", self.temp)),
            "GITHUB_BASE_REF": self.github.get("base_ref", ""),
            "GITHUB_REF": self.github["ref"],
            "GITHUB_ACTOR": self.github["actor"],
            "GITHUB_REPOSITORY": self.github["repository"],
            "GITHUB_EVENT_NAME": self.github["event_name"],
        }

    def value(self, text):
        """Return a text with its expressions replaced."""
        return re.sub(
            r"\$\{\{(.*?)\}\}", lambda found: _said(self._evaluate(found[1])), text
        )

    def _holds(self, condition, *, failed):
        """Tell whether a condition holds; one without a status asks for success."""
        inner = condition.strip().removeprefix("${{").removesuffix("}}")
        holds = bool(self._evaluate(inner, failed=failed))
        asks = re.search(r"(always|cancelled|failure|success)\(\)", inner)
        return holds and (bool(asks) or not failed)

    def _evaluate(self, expression, *, failed=False):
        """Evaluate an expression of GitHub's, as far as our workflows go."""
        python = re.sub(r"!(?!=)", " not ", expression)
        python = python.replace("&&", " and ").replace("||", " or ")
        python = re.sub(r"\b([a-z]+)-([a-z]+)\b", r"\1_\2", python)
        names = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "success": lambda: not failed,
            "false": False,
            "hashFiles": lambda path: "x" if (self.clone / path).exists() else "",
            "github": _names(self.github),
            "secrets": _names(self.secrets),
            "inputs": _names(self.inputs),
            "needs": _names(self.needs),
            "steps": _names(getattr(self, "steps", {})),
            "runner": _names({"temp": str(getattr(self, "runner_temp", ""))}),
        }
        return eval(" ".join(python.split()), {"__builtins__": {}}, names)  # noqa: S307

    def _play(self, action, with_):
        if action == "actions/upload-artifact":
            _copy(with_["path"], self.temp / "artifacts" / with_["name"], self.clone)
        elif action == "actions/download-artifact":
            store = self.temp / "artifacts" / with_["name"]
            shutil.copytree(store, with_["path"], dirs_exist_ok=True)
        elif action == "actions/cache/save":
            _copy(with_["path"], self.temp / "cache", self.clone, keep=True)
        elif action == "actions/cache/restore":
            if (self.temp / "cache").exists():
                shutil.copytree(self.temp / "cache", self.clone, dirs_exist_ok=True)
        elif action == "github/codeql-action/upload-sarif":
            self.uploads.append(Path(with_["sarif_file"]))
        else:
            assert action in {"actions/checkout", "actions/setup-python"}, action


class _Nothing(SimpleNamespace):
    """A context without a value says nothing, as on GitHub."""

    def __getattr__(self, _name):
        return None


def _names(values):
    return _Nothing(
        **{
            key.replace("-", "_"): _names(one) if isinstance(one, dict) else one
            for key, one in values.items()
        }
    )


def _said(value):
    return "" if value is None else str(value).lower() if value is False else str(value)


def _copy(patterns, to, base, *, keep=False):
    """Copy what patterns name, and nothing that one with `!` names."""
    lines = patterns.split()
    banned = {line[1:] for line in lines if line.startswith("!")}
    for line in lines:
        for found in map(Path, glob.glob(str(base / line))):  # noqa: PTH207  # absolute
            inside = found.relative_to(base) if keep else Path(found.name)
            if str(inside) in banned:
                continue
            (to / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, to / inside)


def run_gitlab_job(clone, name, env):
    """Run a job's lines in one shell; return how it ended."""
    document = load(clone / ".gitlab-ci.yml")
    job = document[name]
    base = document[job["extends"]] if "extends" in job else {}
    lines = [*base.get("before_script", []), *job["script"]]
    variables = {**document["variables"], **base.get("variables", {})}
    done = subprocess.run(
        (*BASH, "-c", "\n".join(lines)),
        cwd=clone,
        env={**env, **variables, "CI": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return Step(name, done.returncode, done.stdout, done.stderr)


@dataclass
class Forge:
    """Comments of one pull request, behind the API of GitHub and of GitLab."""

    url: str
    comments: list[dict[str, object]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    me: dict[str, object] = field(
        default_factory=lambda: {"id": 7, "login": "github-actions[bot]"}
    )

    def say(self, body, *, login="somebody", ident=1):
        author = {"id": ident, "login": login}
        self.comments.append(
            {
                "id": 100 + len(self.comments),
                "body": body,
                "user": author,
                "author": author,
            }
        )

    def answer(self, method, path, content):
        self.requests.append((method, path.partition("?")[0]))
        if path == "/user":
            return self.me
        if method == "GET":
            page = int(re.search(r"[?&]page=(\d+)", path)[1])
            return self.comments[(page - 1) * 100 : page * 100]
        assert len(content["body"]) <= 65_536
        if method == "POST":
            self.say(content["body"], login=self.me["login"], ident=self.me["id"])
            return self.comments[-1]
        ident = int(path.rpartition("/")[2])
        found = next(one for one in self.comments if one["id"] == ident)
        found["body"] = content["body"]
        return found


@contextmanager
def playing_forge():
    """Serve a forge's comments on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else None
            data = json.dumps(forge.answer(self.command, self.path, content)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        forge = Forge(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield forge
        server.shutdown()
        thread.join()


def runner_environment(repo, **more):
    """Return what a runner's machine has: no key, and no registry to be asked."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {
        "PATH": path,
        "HOME": str(repo.path / "nobody"),
        "PYTHONPATH": str(ROOT),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",  # they are here, and to look is slow
        "RECONCILE_SANDBOX": repo.env.get("RECONCILE_SANDBOX", ""),
        **more,
    }
