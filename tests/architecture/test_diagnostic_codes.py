import re
import subprocess
import sys
from pathlib import Path

from reconciler.adapters import schemas
from reconciler.core.diagnostic import RULES

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "R210": "is reconcile.yaml: tests/core/test_alert_settings.py",
    "R208": "needs a second, good file: tests/adapters/test_source_claims.py",
    "R309": "needs a key: tests/adapters/sops",
    "R310": "needs .sops.yaml: tests/adapters/sops/test_sops_drift.py",
    "R311": "needs .sops.yaml: tests/adapters/sops/test_sops_drift.py",
    "R312": "needs .sops.yaml: tests/adapters/sops/test_sops_drift.py",
    "R313": "is .sops.yaml: tests/adapters/sops/test_sops_drift.py",
    "R314": "needs .sops.yaml: tests/adapters/sops/test_sops_drift.py",
    "R317": "needs Git: tests/cli/test_validate_since.py",
    "R318": "needs Git: tests/cli/test_validate_since.py",
    "R319": "needs Git: tests/cli/test_validate_since.py",
    "R501": "needs policy.yaml: tests/architecture/test_explanations.py",
    "R502": "needs policy.yaml: tests/architecture/test_explanations.py",
    "R503": "needs policy.yaml: tests/architecture/test_explanations.py",
    "R504": "needs policy.yaml: tests/architecture/test_explanations.py",
    "R505": "needs policy.yaml: tests/architecture/test_explanations.py",
    "R506": "needs policy.yaml: tests/architecture/test_explanations.py",
    "R507": "needs policy.yaml: tests/architecture/test_explanations.py",
    "R510": "needs Git: tests/cli/test_policy.py",
    "R511": "needs Git: tests/cli/test_policy.py",
    "R512": "needs Git: tests/cli/test_policy.py",
}
"""Codes that no file alone can show, and whose tests show them."""

VALIDATE = """
import sys
from pathlib import Path
from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.source import FileSource
source = FileSource(
    directory=Path(),
    connections="tests/data/valid",
    adapters=find_adapters,
    cache=False,
)
assert source.read().heads
heavy = {"ccxt", "httpx", "aiohttp", "rich", "asyncio", "psycopg"} & sys.modules.keys()
assert not heavy, heavy
"""


def test_every_code_has_a_document_that_shows_it():
    folders = (ROOT / "tests/data/invalid", ROOT / "tests/data/doubtful")
    paths = [path for folder in folders for path in folder.rglob("r*.*")]
    shown = {path.stem.upper() for path in paths}

    assert shown | ELSEWHERE.keys() == RULES.keys()


def test_every_code_that_the_source_names_is_a_rule():
    named = set()
    for path in (ROOT / "reconciler").rglob("*.py"):
        named |= set(re.findall(r'"(R[1-9][0-9]{2})"', path.read_text("utf-8")))

    assert named <= RULES.keys()


def test_the_page_of_codes_is_what_the_rules_say():
    page = (ROOT / "docs/diagnostics.md").read_text("utf-8")

    assert page == schemas.diagnostics_page(), (
        "run: python -m reconciler.adapters.schemas"
    )
    assert all(f"| {code} |" in page for code in RULES)


def test_validating_loads_no_client():
    done = subprocess.run(
        [sys.executable, "-c", VALIDATE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
