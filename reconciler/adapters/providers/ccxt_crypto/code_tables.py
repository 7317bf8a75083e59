"""How tables of codes are written: each category with its codes, apart by commas."""

from __future__ import annotations

from reconciler.core.diagnosis import Category


def codes(**by_category: str) -> dict[str, Category]:
    """Return each code's category; raises `ValueError` for an unknown category."""
    return {
        code.strip(): Category(name)
        for name, listed in by_category.items()
        for code in listed.split(",")
    }
