"""R3 explained: credentials, and how they are sealed."""

from __future__ import annotations

from typing import Final

from reconciler.core.explanations.explanation import (
    BOUND,
    HEAD,
    KEYS,
    SEALED,
    SOPS,
    Explanation,
)

_FILE: Final = f"# connections.d/spot.yaml\n{SEALED}"
_FOR_ALICE: Final = "# .sops.yaml\ncreation_rules:\n  - age: age1alice…\n"
_FOR_BOTH: Final = "# .sops.yaml\ncreation_rules:\n  - age: age1alice…,age1bob…\n"
_OWNED: Final = SEALED.replace(KEYS, f"owner: team:desk\n{KEYS}")
_ELSEWHERE: Final = "config:\n  proxy: https://proxy.example.com\n"

_DEFAULTS: Final = "# connections.d/_defaults.yaml\nconfig: {timeout: 20}\n\n"

EXPLANATIONS: Final = {
    "R301": Explanation(
        "A secret in plain text is one for everybody who can read the repository, and "
        "Git keeps it. Once it was pushed, sealing is not enough: change it at the "
        "provider.",
        SEALED.replace("api_key: ENC[…]", "api_key: my-key-in-plain-text"),
        SEALED,
    ),
    "R302": Explanation(
        "The values are sealed, and the block that says for whom and under which key "
        "is gone: nobody can open them. It is usually lost in a merge; take it back "
        "from the version before.",
        f"{HEAD}{KEYS}{BOUND}",
        SEALED,
    ),
    "R303": Explanation(
        "The value begins like a sealed one and does not go on like one: it was cut, "
        "wrapped or typed by hand. No key opens it.",
        SEALED.replace("api_key: ENC[…]", "api_key: ENC[AES256_GCM,data:AAAA]"),
        SEALED,
    ),
    "R304": Explanation(
        "The MAC shows that no sealed value was exchanged, removed or added since. "
        "Without one, anybody could put the value of another file into this one.",
        SEALED.replace(SOPS, "sops: {… without mac}\n"),
        SEALED,
    ),
    "R305": Explanation(
        "The binding seals type, provider, owner and config together with the "
        "credentials. Without it, whoever can change the file can send the credentials "
        "somewhere else. While the MAC covers the plain values too, as with plain "
        "sops, this is a warning only.",
        f"{HEAD}{KEYS}{SOPS}",
        SEALED,
    ),
    "R306": Explanation(
        "The provider signs requests with several values, and one is not there. A "
        "connection to public data has no 'credentials' at all.",
        SEALED.replace("  api_secret: ENC[…]\n", ""),
        SEALED,
    ),
    "R307": Explanation(
        "The provider has no use for this value: a name misspelt, or a secret that "
        "belongs to another connection and need not be here.",
        SEALED.replace(BOUND, f"  api_passphrase: ENC[…]\n{BOUND}"),
        SEALED,
    ),
    "R308": Explanation(
        "There is nothing sealed in the file that the block or the binding could be "
        "about: it was left behind when the credentials went.",
        f"{HEAD}{BOUND}",
        HEAD,
    ),
    "R309": Explanation(
        "With a key at hand the file was opened, and a check failed: the MAC or the "
        "binding does not match, or no key fits. The message names which, and the "
        "field where one is to blame. Found by apply and test, since it takes a key.",
        f"# connections.d/spot.yaml, its owner changed by hand\n{_OWNED}",
        f"# connections.d/spot.yaml, after 'reconcile encrypt --rebind'\n{_OWNED}",
    ),
    "R310": Explanation(
        "Somebody can open the file whom .sops.yaml does not name (any more). Taking "
        "them off the list does not make them forget: whoever could read the values "
        "may have kept them.",
        f"{_FOR_ALICE}{_FILE.replace('{…}', '{… for alice and bob}')}",
        f"{_FOR_ALICE}{_FILE}",
    ),
    "R311": Explanation(
        "Somebody whom .sops.yaml names cannot open the file, or the key groups are "
        "others: it was sealed before they came.",
        f"{_FOR_BOTH}{_FILE}",
        f"{_FOR_BOTH}{_FILE.replace('{…}', '{… for alice and bob}')}",
    ),
    "R312": Explanation(
        "No rule tells for whom this file is to be sealed, so nothing can be compared, "
        "and the next 'encrypt' would have to be told. It often is a file in the wrong "
        "folder.",
        "# .sops.yaml\ncreation_rules:\n  - path_regex: ^desk-a/\n    age: age1alice…\n"
        f"{_FILE}",
        f"{_FOR_ALICE}{_FILE}",
    ),
    "R313": Explanation(
        "sops and reconcile read this file to know for whom to seal. While it cannot "
        "be used nothing can be sealed by it, or compared with it.",
        "# .sops.yaml\ncreation_rule:\n  - age: age1alice…\n",
        _FOR_ALICE,
    ),
    "R314": Explanation(
        "The file says which of its values are sealed, and .sops.yaml now asks for "
        "another choice. The next change keeps to the file's own.",
        f"{_FOR_ALICE}    encrypted_regex: ^secrets$\n{_FILE}",
        f"{_FOR_ALICE}    encrypted_regex: ^(credentials|binding)$\n{_FILE}",
    ),
    "R315": Explanation(
        "Sealing keeps the length, so it can be seen without a key. This provider's "
        "values have a fixed one: a character more is usually a line end that was "
        "copied along, fewer means that something was cut off.",
        SEALED.replace("api_key: ENC[…]", "api_key: ENC[…, 65 characters]"),
        SEALED,
    ),
    "R316": Explanation(
        "Sealing keeps the length, so it can be seen without a key. Nothing so short "
        "is a credential; it often is an empty variable that was piped in.",
        SEALED.replace("api_key: ENC[…]", "api_key: ENC[…, 2 characters]"),
        SEALED,
    ),
    "R317": Explanation(
        "Since the commit named by --base, type, provider, owner or config changed, "
        "and the binding is still the old one. Apply will refuse the file, for "
        "somebody might want the credentials to go elsewhere; whoever may open it can "
        "bind it anew.",
        f"{HEAD}{KEYS}{BOUND}{_ELSEWHERE}{SOPS}",
        f"{HEAD}{KEYS}# sealed anew\n{BOUND}{_ELSEWHERE}{SOPS}",
    ),
    "R318": Explanation(
        "The sealed values are those of an earlier commit. Git's history can be "
        "replayed by anybody; a key that was changed because it leaked would be back.",
        f"{HEAD}# of May, and changed in June\n{KEYS}{BOUND}{SOPS}",
        f"{HEAD}# of June\n{KEYS}{BOUND}{SOPS}",
    ),
    "R319": Explanation(
        "Since the commit named by --base, a recipient was added. Whoever it is can "
        "read every credential in the file from now on.",
        SEALED.replace("{…}", "{… for alice and somebody new}"),
        SEALED,
    ),
    "R320": Explanation(
        "Plain sops lets the MAC cover every value of a file. A value that comes from "
        "elsewhere would break it, and must: without a binding, that MAC is what keeps "
        "the credentials from being sent to another place.",
        f"{_DEFAULTS}# connections.d/spot.yaml\n"
        + SEALED.replace("{…}", "{… whose MAC covers plain values}"),
        f"{_DEFAULTS}# connections.d/spot.yaml\n{SEALED}",
    ),
}
