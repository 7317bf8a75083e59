"""R5 explained: what the policy allows, and to whom."""

from __future__ import annotations

from typing import Final

from reconciler.core.explanations.explanation import HEAD, SEALED, Explanation

_FILE: Final = "# connections.d/spot.yaml\n"
_THEIRS: Final = "# connections.d/alice/spot.yaml\n"
_POLICY: Final = (
    "# policy.yaml\nadmins: [anna]\nusers:\n  alice: {{logins: [alice-gh]{keys}}}\n"
    "owners:\n  user:alice: {{paths: [connections.d/alice/**]{more}}}\n"
)
_PLAIN: Final = _POLICY.format(keys="", more="")
_OF_ALICE: Final = f"{HEAD}owner: user:alice\n"


def _granted(more: str) -> str:
    return _POLICY.format(keys="", more=f", {more}")


EXPLANATIONS: Final = {
    "R501": Explanation(
        "The file names an owner of whom policy.yaml knows nothing, so nobody could "
        "say who may change it.",
        f"{_PLAIN}{_FILE}{HEAD}owner: user:mallory\n",
        f"{_PLAIN}{_FILE}{HEAD}",
    ),
    "R502": Explanation(
        "Who may approve a change is decided by folder. A file of one owner in the "
        "folder of another would be changed by the wrong people.",
        f"{_PLAIN}{_FILE}{_OF_ALICE}",
        f"{_PLAIN}{_THEIRS}{_OF_ALICE}",
    ),
    "R503": Explanation(
        "Whoever is a recipient can read the credentials. Keys of one owner are for "
        "that owner, the admins' for admins, and those of machines for everything.",
        f"{_PLAIN}{_THEIRS}{SEALED}owner: user:alice\n",
        f"{_POLICY.format(keys=', recipients: [age1alice…]', more='')}{_THEIRS}"
        f"{SEALED}owner: user:alice\n",
    ),
    "R504": Explanation(
        "The policy lists the types that this owner may use, and this is none of them.",
        f"{_granted('types: [mtapi]')}{_THEIRS}{_OF_ALICE}",
        f"{_granted('types: [ccxt_crypto]')}{_THEIRS}{_OF_ALICE}",
    ),
    "R505": Explanation(
        "The policy wants the keys of this owner to be without certain rights, and "
        "only what the file forbids is checked at the exchange.",
        f"{_granted('forbid: [trade, withdraw]')}{_THEIRS}{_OF_ALICE}",
        f"{_granted('forbid: [trade, withdraw]')}{_THEIRS}{_OF_ALICE}"
        "permissions: {forbid: [trade, withdraw]}\n",
    ),
    "R506": Explanation(
        "Data may be fetched from the hosts only that the policy names for this owner. "
        "A sealed endpoint cannot be looked at, so it is refused as well.",
        f"{_granted('hosts: [md.example.com]')}{_THEIRS}type: custom_api\n"
        "provider: feed\nowner: user:alice\nconfig:\n"
        "  endpoint: https://other.example.com/v1\n  authentication_method: none\n",
        f"{_granted('hosts: [md.example.com]')}{_THEIRS}type: custom_api\n"
        "provider: feed\nowner: user:alice\nconfig:\n"
        "  endpoint: https://md.example.com/v1\n  authentication_method: none\n",
    ),
    "R507": Explanation(
        "Some fields guard the whole desk, and so are the admins': what may not be "
        "deleted, and through which proxy credentials travel.",
        f"{_PLAIN}{_THEIRS}{_OF_ALICE}protected: true\n",
        f"{_PLAIN}{_THEIRS}{_OF_ALICE}",
    ),
    "R510": Explanation(
        "The policy of the base says who may change a file: its owner, a member of its "
        "team, or an admin. Whoever made this change is none of them.",
        f"{_THEIRS}{_OF_ALICE}# changed by bob\n",
        f"{_THEIRS}{_OF_ALICE}",
    ),
    "R511": Explanation(
        "Giving a connection to somebody else decides who sees its keys from now on, "
        "so an admin must do it.",
        f"{_THEIRS}{HEAD}owner: team:fx\n",
        f"{_THEIRS}{_OF_ALICE}",
    ),
    "R512": Explanation(
        "The policy, the settings and the recipients decide what everybody may do: "
        "only an admin changes them.",
        "# policy.yaml\nadmins: [anna, mallory]\n",
        "# policy.yaml\nadmins: [anna]\n",
    ),
}
