"""One problem in a file: a stable code, a place, one sentence and a hint.

Codes are never reused. `RULES` is their only list: what each one means, and how
to fix it. Readers, schema, adapters and the sealer all report with them, so that
`validate` can print every problem of every file in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

ALLOWANCE_MARK = b"reconcile:"
"""A file without these bytes has no comment that allows a warning."""


class Severity(StrEnum):
    """Whether a problem stops the document."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file; `line` and `column` start at 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem; `message` stands alone, `hint` says how to fix it."""

    code: str
    message: str
    span: Span
    hint: str = ""
    severity: Severity = Severity.ERROR
    related: tuple[tuple[Span, str], ...] = field(default=())

    @property
    def sort_key(self) -> tuple[Span, str, str]:
        """Order: file, line, column, code."""
        return (self.span, self.code, self.message)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means and how to fix it, in general."""

    title: str
    fix: str


RULES: dict[str, Rule] = {
    # R1: the text is not the YAML that we accept
    "R101": Rule("the file is not valid YAML", "correct the syntax at the place named"),
    "R102": Rule("a key stands twice", "keep one of the two"),
    "R103": Rule("a key is not text", "quote the key"),
    "R104": Rule(
        "a plain value that YAML versions read differently",
        "quote it to keep the text, or write true, false or a plain number",
    ),
    "R105": Rule("an anchor, alias, tag or merge key", "write the value out"),
    "R106": Rule("not exactly one mapping in the file", "one connection per file"),
    "R107": Rule("the file cannot be read", "check its name, mode and encoding"),
    "R110": Rule(
        "a comment for reconcile cannot be understood",
        "write '# reconcile: allow CODE until YYYY-MM-DD because REASON', with a day "
        "at most 366 days ahead",
    ),
    "R111": Rule(
        "a comment allows a warning, and its day is over",
        "mend what it was about, or look at it again and choose a new day",
    ),
    "R112": Rule("a comment allows a warning that is not there", "remove the comment"),
    "R113": Rule(
        "a comment would allow what cannot be allowed",
        "mend the problem, and remove the comment",
    ),
    # R2: the document does not have the shape of a connection
    "R201": Rule("an unknown key", "remove it, or use the key that is suggested"),
    "R202": Rule("a required key is missing", "add it"),
    "R203": Rule("a value of the wrong kind", "write it as the schema asks"),
    "R204": Rule("a value outside what is allowed", "use one of the allowed values"),
    "R205": Rule("the name differs from the file's stem", "rename one of the two"),
    "R206": Rule("two files declare one name", "rename one of them"),
    "R207": Rule("a file version that this release does not know", "use version: 1"),
    "R208": Rule("a previous name that cannot be taken over", "remove the other claim"),
    "R209": Rule("a key that defaults cannot give", "write it in the files"),
    "R210": Rule(
        "a secret address in the settings",
        "put it into an environment variable or a file, and name that",
    ),
    "R211": Rule("a variable that cannot be replaced", "declare it, and set it"),
    "R212": Rule("a variable that may hold a secret", "seal it below credentials"),
    # R3: how credentials are sealed
    "R301": Rule(
        "a credential in plain text", "run 'reconcile encrypt FILE', then commit"
    ),
    "R302": Rule("a sealed file without its sops block", "seal the file again"),
    "R303": Rule("a sealed value is malformed", "seal the value again"),
    "R304": Rule("the sealed file has no MAC", "seal the file again"),
    "R305": Rule(
        "the credentials are not bound to their destination",
        "run 'reconcile encrypt FILE' to add the binding",
    ),
    "R306": Rule("a required credential is missing", "add and seal it"),
    "R307": Rule("a credential that this provider does not use", "remove it"),
    "R308": Rule("a top-level 'sops' or 'binding' without credentials", "remove it"),
    "R309": Rule("the file's seal cannot be opened", "see the message"),
    "R310": Rule(
        "sealed for somebody whom .sops.yaml does not name",
        "run 'reconcile updatekeys FILE', then 'reconcile rotate FILE'; the old values "
        "stay known to them until they are changed at the provider",
    ),
    "R311": Rule(
        "not sealed as .sops.yaml asks: somebody or a group is missing",
        "run 'reconcile updatekeys FILE'",
    ),
    "R312": Rule(
        "no creation rule of .sops.yaml matches the file",
        "add a rule whose path_regex matches it",
    ),
    "R313": Rule(".sops.yaml cannot be used", "correct it at the place named"),
    "R314": Rule(
        "sealed under another rule than that of .sops.yaml",
        "seal it anew by that rule: 'reconcile rotate FILE'",
    ),
    "R315": Rule(
        "a sealed credential is not as long as the provider's",
        "copy it from the provider again, without blanks around it, and seal it",
    ),
    "R316": Rule(
        "a sealed credential is empty or very short",
        "copy it from the provider again, whole, and seal it",
    ),
    "R317": Rule(
        "the destination changed, and the seal did not",
        "review the change; then somebody with a key runs "
        "'reconcile encrypt --rebind FILE'",
    ),
    "R318": Rule(
        "an earlier version of the sealed credentials is back",
        "fine if it is meant as a revert; an old key may have been revoked since",
    ),
    "R319": Rule(
        "somebody more can open the file",
        "make sure that everybody added is meant to know the credentials",
    ),
    "R320": Rule(
        "values from elsewhere would change what a file's MAC covers",
        "write them in the file, or run 'reconcile rotate FILE' under a rule that says "
        "mac_only_encrypted: true",
    ),
    # R4: what the type or the provider cannot do
    "R401": Rule("an unknown type", "use a type that 'reconcile providers' lists"),
    "R402": Rule("an unknown provider", "use the id that is suggested"),
    "R403": Rule("a provider that was renamed or removed", "use its present id"),
    "R404": Rule("a timeframe that the provider does not have", "use one it has"),
    "R405": Rule("a config key that this type does not have", "remove it"),
    "R406": Rule("a config value that this type cannot use", "see the message"),
    "R407": Rule("the provider offers no such environment", "see the message"),
    "R408": Rule("one setting stands in two places", "keep one of the two"),
    # R5: what the policy allows, and to whom
    "R501": Rule("an owner whom the policy does not know", "use one that it names"),
    "R502": Rule("a file outside its owner's folders", "move it to its owner's folder"),
    "R503": Rule(
        "sealed for somebody who may not open it",
        "correct .sops.yaml, then run 'reconcile updatekeys FILE' and "
        "'reconcile rotate FILE'",
    ),
    "R504": Rule("a type that the owner may not use", "use one that the policy names"),
    "R505": Rule("a right that the policy wants forbidden", "add it to the file"),
    "R506": Rule("a host that the policy does not allow", "use one that it names"),
    "R507": Rule("a field that only admins may set", "remove it, or ask an admin"),
    "R510": Rule("a change by somebody who may not make it", "ask the owner"),
    "R511": Rule("a change of owner by somebody else than an admin", "ask an admin"),
    "R512": Rule("a change of the rules by somebody else", "ask an admin"),
}
