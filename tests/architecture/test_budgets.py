"""Small modules, small functions, few ways to a secret: held by machine."""

import ast
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "reconciler"
MODULES = sorted(PACKAGE.rglob("*.py"))
FUNCTION_KINDS = (ast.FunctionDef, ast.AsyncFunctionDef)
MAY_REVEAL = (
    *("adapters/notify/", "adapters/providers/", "adapters/sops/"),
    "core/secret.py",
)


def lines_of(module):
    return len(module.read_text().splitlines())


def functions_of(module):
    tree = ast.parse(module.read_text())
    for node in ast.walk(tree):
        if isinstance(node, FUNCTION_KINDS):
            yield node.name, node.end_lineno - node.lineno + 1


def relative(module):
    return module.relative_to(PACKAGE).as_posix()


def test_no_module_is_longer_than_four_hundred_lines():
    long = {relative(m): lines_of(m) for m in MODULES if lines_of(m) > 400}

    assert long == {}


def test_the_median_module_is_small():
    assert median(n for m in MODULES if (n := lines_of(m))) <= 130


def test_no_function_is_longer_than_sixty_lines():
    long = {
        f"{relative(module)}:{name}": size
        for module in MODULES
        for name, size in functions_of(module)
        if size > 60
    }

    assert long == {}


def test_nine_functions_in_ten_fit_the_eye():
    sizes = sorted(size for module in MODULES for _, size in functions_of(module))

    assert sizes[len(sizes) // 2] <= 12
    assert sizes[len(sizes) * 9 // 10] <= 30


def test_secrets_are_revealed_at_the_edges_only():
    revealing = {relative(m) for m in MODULES if ".reveal(" in m.read_text()}

    assert {name for name in revealing if not name.startswith(MAY_REVEAL)} == set()
    assert revealing, "the scan finds nothing at all: has the method a new name?"
