"""What `daemon:` in `reconcile.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.core.document_sections import Section, duration
from reconciler.core.document_words import Wants

_URL = (
    r"^(https?://|ssh://|git://|file:///|/|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:)"
    r"[^\x00-\x20\x7f-\x9f\u2028\u2029]+$"
)
_BRANCH = r"^[A-Za-z0-9_][A-Za-z0-9._/+#@-]*$"
_INSIDE = r"^[^/\x00-\x1f\x7f-\x9f\u2028\u2029][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


def _no_way_up(value: str) -> str:
    """Refuse what leads out of a folder, or what Git takes for a range."""
    if ".." in value.split("/") or "..." in value:
        raise PydanticCustomError("string_pattern_mismatch", "leads outside")
    return value


Inside = Annotated[
    str, Field(pattern=_INSIDE, max_length=500), AfterValidator(_no_way_up)
]


class SourceSection(Section):
    """Which Git repository to follow, instead of the files that lie here."""

    git: Annotated[
        str,
        Field(pattern=_URL, max_length=2000),
        Wants("the address of a Git repository, such as https://example.com/desk.git"),
    ] = Field(
        title="Repository",
        description="Its address as 'git fetch' takes it. Keys and tokens come from "
        "Git's own settings: a credential helper, or an SSH key.",
        examples=["ssh://git@example.com/desk/connections.git"],
    )
    branch: Annotated[
        str,
        Field(pattern=_BRANCH, max_length=200),
        AfterValidator(_no_way_up),
        Wants("the name of a branch"),
    ] = Field(default="main", title="Branch", description="The branch to follow.")
    interval: duration("5s", "24h") = Field(  # type: ignore[valid-type]
        default=60,
        title="Interval",
        description="How often the repository is asked for news.",
        examples=["1m"],
    )
    directory: Annotated[Inside, Wants("a folder of the repository")] = Field(
        default=".",
        title="Folder",
        description="The folder of the repository that holds connections.d.",
    )
    verify: Annotated[
        Literal["none", "signatures"],
        Wants("none or signatures", words=("none", "signatures")),
    ] = Field(
        default="none",
        title="Verify",
        description="With 'signatures' every new commit on the branch must carry the "
        "signature of somebody known; see allowed_signers.",
    )
    allowed_signers: Annotated[Inside, Wants("a file below this folder")] = Field(
        default="",
        title="Allowed signers",
        description="Who may sign with which SSH key, as ssh-keygen(1) has it. "
        "Without it Git's own settings and the keyring of gpg decide.",
        examples=["allowed_signers"],
    )
    rewind: Annotated[bool, Wants("true or false")] = Field(
        default=False,
        title="Rewind",
        description="Follow the branch also when its history was rewritten.",
    )


class DaemonSection(Section):
    """How the daemon watches the files and tests what runs."""

    rescan: duration("1s", "24h") = Field(  # type: ignore[valid-type]
        default=300,
        title="Rescan",
        description="How often everything is read anew although no change was heard.",
        examples=["5m"],
    )
    source: (
        Annotated[SourceSection, Wants("a mapping that names a repository as 'git'")]
        | None
    ) = Field(
        default=None,
        title="Source",
        description="A Git repository to follow, instead of the files that lie here.",
    )
