"""SOPS files with age keys, read and written without the sops program.

A sealed connection keeps its plain settings readable and its credentials as
`ENC[…]`. The words, from the inside out:

- an *envelope* is one sealed value, bound to its place by AES-GCM;
- a *rule* says which values of a file are sealed;
- the *MAC* proves that no covered value was added, dropped or changed;
- the *metadata* (`sops:`) holds the data key once per recipient;
- a *keyring* holds the identities that can unwrap it, and knows where it looked;
- the *binding* is our addition: a sealed digest of where credentials may be sent.

`inspect` and `metadata` need no key. `unseal` opens a file for use, `decrypt_document`
for eyes and editors, `seal` closes it again and touches only what it must. `reseal`
takes an edited file back, `set_values` changes one value, `rotate` and `update_keys`
change the data key and those who can open it.

`age/` holds the keys, `change/` the operations on a sealed file, `merge/` what Git
asks for, `upkeep/` how files stand against `.sops.yaml`. The names below load on
first use: checking ten thousand files must not pay for sealing one.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.adapters.sops.age.key_groups import Recipients
    from reconciler.adapters.sops.age.keyring import Keyring, load_keyring
    from reconciler.adapters.sops.age.wrapping import generate_identity
    from reconciler.adapters.sops.block import SealInfo
    from reconciler.adapters.sops.change.resealing import reseal
    from reconciler.adapters.sops.change.rotating import rotate
    from reconciler.adapters.sops.change.setting import set_values, unset_values
    from reconciler.adapters.sops.change.updating import (
        KeyChange,
        key_change,
        update_keys,
    )
    from reconciler.adapters.sops.inspector import inspect, metadata
    from reconciler.adapters.sops.printer import decrypt_document
    from reconciler.adapters.sops.reader import (
        BindingState,
        Unsealed,
        check_binding,
        unseal,
        unseal_source,
    )
    from reconciler.adapters.sops.upkeep.creation_rules import (
        CreationRule,
        find_creation_rule,
    )
    from reconciler.adapters.sops.writer import seal

__all__ = [
    "BindingState",
    "CreationRule",
    "KeyChange",
    "Keyring",
    "Recipients",
    "SealInfo",
    "Unsealed",
    "check_binding",
    "decrypt_document",
    "find_creation_rule",
    "generate_identity",
    "inspect",
    "key_change",
    "load_keyring",
    "metadata",
    "reseal",
    "rotate",
    "seal",
    "set_values",
    "unseal",
    "unseal_source",
    "unset_values",
    "update_keys",
]

_HOME: Final = {
    "generate_identity": "age.wrapping",
    "SealInfo": "block",
    "CreationRule": "upkeep.creation_rules",
    "find_creation_rule": "upkeep.creation_rules",
    "inspect": "inspector",
    "metadata": "inspector",
    "Recipients": "age.key_groups",
    "Keyring": "age.keyring",
    "load_keyring": "age.keyring",
    "decrypt_document": "printer",
    "BindingState": "reader",
    "Unsealed": "reader",
    "check_binding": "reader",
    "unseal": "reader",
    "unseal_source": "reader",
    "reseal": "change.resealing",
    "rotate": "change.rotating",
    "set_values": "change.setting",
    "unset_values": "change.setting",
    "KeyChange": "change.updating",
    "key_change": "change.updating",
    "update_keys": "change.updating",
    "seal": "writer",
}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
