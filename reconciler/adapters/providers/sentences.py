"""What the sentences in providers' refusals mean, whoever wrote them.

They are tried in order, the specific before the general: "invalid IP for this key"
is about the address, "key expired" about its age, and only what is left about the
key. A code, where there is one, is better evidence and is asked first.
"""

from __future__ import annotations

import re

from reconciler.core.diagnosis import Category


def _sentence(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?i){pattern}")


_SENTENCES: tuple[tuple[re.Pattern[str], Category], ...] = (
    (_sentence(r"pass-?phrase"), Category.INVALID_PASSPHRASE),
    (_sentence(r"\bip\b[^.]{0,40}\bbanned|banned[^.]{0,20}\bip\b"), Category.IP_BANNED),
    (
        _sentence(
            r"\bip\b[^.]{0,60}(?:white ?list|allow|bound|bind|restrict|not in|match)"
            r"|(?:white|allow)[- ]?list|(?:invalid|unmatched|illegal|unauthorized) "
            r"(?:request )?ip\b|ip[_ ]forbidden|ip address"
        ),
        Category.IP_RESTRICTED,
    ),
    (
        _sentence(r"key[^.]{0,20}\bexpired|expired[^.]{0,20}\b(?:api )?key"),
        Category.EXPIRED_CREDENTIALS,
    ),
    (
        _sentence(r"time-?stamp|recv_?window|nonce|request[^.]{0,20} expired"),
        Category.CLOCK_SKEW,
    ),
    (
        _sentence(r"(?:current |wrong )environment|testnet key|demo (?:key|account)"),
        Category.WRONG_ENVIRONMENT,
    ),
    (
        _sentence(r"rate ?-?limit|too many (?:request|visit|attempt)|too frequent"),
        Category.RATE_LIMITED,
    ),
    (_sentence(r"maintenance|maintaining|system upgrade"), Category.MAINTENANCE),
    (
        _sentence(
            r"(?:account|user|keys?)\b[^.]{0,30}(?:frozen|locked|suspended|banned)"
        ),
        Category.ACCOUNT_SUSPENDED,
    ),
    (_sentence(r"\bkyc\b|identity verif|verify your identity"), Category.KYC_REQUIRED),
    (
        _sentence(
            r"(?:invalid|unknown|unsupported|valid)[ _-]?"
            r"(?:symbol|(?:asset |currency |trading )?pair|product|market|instrument)"
            r"|(?:symbol|pair|product|instrument)[^.]{0,30}"
            r"(?:invalid|not exist|not found|unknown|unsupported)"
        ),
        Category.BAD_SYMBOL,
    ),
    (
        _sentence(r"(?:invalid|unknown|unsupported) (?:interval|granularity|period)"),
        Category.BAD_TIMEFRAME,
    ),
    (
        _sentence(
            r"permission|missing (?:required )?(?:scope|role)|read[- ]?only"
            r"|not authori[sz]ed|does not have access|privilege"
        ),
        Category.PERMISSION_DENIED,
    ),
    (
        _sentence(
            r"(?:invalid|incorrect|unknown|wrong|no active)[^.]{0,20}"
            r"(?:key|signature|sign|token)\b"
            r"|(?:key|signature|sign|token)\b[^.]{0,30}"
            r"(?:invalid|incorrect|not exist|n't exist|not found|mismatch|fail)"
        ),
        Category.INVALID_CREDENTIALS,
    ),
    (
        _sentence(r"internal (?:system |server )?error|overload|\bbusy\b|unavailable"),
        Category.EXCHANGE_UNAVAILABLE,
    ),
    (_sentence(r"time-?d? ?out|deadline"), Category.TIMEOUT),
)


_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")


def by_sentence(text: str, *, only: Category | None = None) -> Category | None:
    """Return what a text says, None when no sentence is known.

    With `only`, nothing but that category is looked for.
    """
    # An address has full stops in it, which would end the sentence.
    text = _ADDRESS.sub("ip", text)
    for pattern, category in _SENTENCES:
        if only in (None, category) and pattern.search(text):
            return category
    return None
