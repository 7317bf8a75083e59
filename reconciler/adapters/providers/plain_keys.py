"""Credentials that travel in a header or URL: cut of blanks, fit to be sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainKeys:
    """Plain values by name, for memory only, and what was repaired."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()


def read_plain_keys(
    credentials: Credentials, names: Iterable[str], *, in_header: bool
) -> PlainKeys:
    """Return the named credentials, in that order; the key may travel `in_header`.

    Raises `ProviderError` for one that is missing, empty or cannot be sent.
    """
    values: dict[str, str] = {}
    warnings: list[str] = []
    for name in names:
        if name not in credentials:
            raise ProviderError(
                diagnose(
                    Category.INVALID_CREDENTIALS,
                    detail=f"credentials.{name} is missing",
                    fix=f"add and seal {name}",
                )
            )
        raw = credentials[name].reveal()
        values[name] = raw.strip()
        if raw != values[name]:
            warnings.append(
                f"credentials.{name} begins or ends with blank characters: "
                "they were left out; seal it again without them"
            )
        if not values[name] or not values[name].isprintable():
            raise ProviderError(
                diagnose(
                    Category.INVALID_CREDENTIALS,
                    detail=f"credentials.{name} is empty or holds line ends",
                )
            )
    if in_header and "api_key" in values:
        require_header_text("api_key", values["api_key"])
    return PlainKeys(values=values, warnings=tuple(warnings))


def require_header_text(name: str, value: str) -> None:
    """Raise `ProviderError` for a credential that cannot stand in a header.

    Keys are plain ASCII: anything else came along when the key was copied, like a
    typographic dash or an invisible character.
    """
    if value.isascii() and value.isprintable():
        return
    raise ProviderError(
        diagnose(
            Category.INVALID_CREDENTIALS,
            detail=f"credentials.{name} holds a character that no header can carry",
            fix=f"copy {name} from the provider again, not from a formatted text, "
            "and seal it",
        )
    )
