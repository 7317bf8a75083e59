"""What the sentences in providers' refusals mean, whoever wrote them.

They are tried in order, the specific before the general: "invalid IP for this key"
is about the address, "key expired" about its age, and only what is left about the
key. A code, where there is one, is better evidence and is asked first. A code in
words ("invalid_api_key", "InvalidApiKey") reads as a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.core.diagnosis import Category


def _sentence(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?i){pattern}")


_KEY = r"(?:keys?|api-?keys?|access-?keys?|app-?keys?|token|credentials?|signature)"
_SYMBOL = (
    r"(?:symbols?|assets?|(?:asset |currency |trading )?pairs?|products?"
    r"|instruments?(?: id)?|markets?|contracts?|instid|tickers?|coins?|currency)"
)
_FRAME = (
    r"(?:intervals?|granularity|periods?|time[- ]?frames?|resolution|bar|step|bin ?size"
    r"|k-?line(?: type)?|candle\w*)"
)
_WRONG = (
    r"(?:invalid|unknown|unsupported|not supported|not a valid|incorrect|illegal"
    r"|wrong|bad|unrecogni[sz]ed|non-?exist\w*)"
)
_IS_WRONG = (
    rf"(?:{_WRONG}|not (?:valid|supported|exist\w*|found|listed"
    rf"|available|recogni[sz]ed)"
    r"|n.?t (?:exist\w*|found)|must be|should be|no longer|error|offline|delist\w*"
    r"|restricted)"
)
_SENTENCES: tuple[tuple[re.Pattern[str], Category], ...] = (
    (
        # The provider itself does not say which: leave it so.
        _sentence(r"key\b[^.]{0,20}\bip\b[^.]{0,20}\bpermission"),
        Category.CREDENTIALS_OR_IP_OR_PERMISSION,
    ),
    (
        # Many are named at once: the request was not signed as it should be.
        _sentence(
            r"key\W{0,3}(?:,|/| or | and )[^.]{0,60}pass-?phrase|key\W{1,6}\w*sign"
        ),
        Category.INVALID_CREDENTIALS,
    ),
    (_sentence(r"pass-?phrase"), Category.INVALID_PASSPHRASE),
    (
        _sentence(
            r"\bip\b[^.]{0,40}\bbanned|banned[^.]{0,20}\bip\b|\bban(?:ned)? until"
            r"|\b(?:ip|address) (?:is|was|has been)(?: \w+)? (?:banned|blocked)"
            r"|\bip\b[^.]{0,20} blocked tempor|\bban expires|temporar(?:y"
            r"|ily) lock(?:ed )?out"
        ),
        Category.IP_BANNED,
    ),
    (
        _sentence(
            r"rate ?-?limit|too many (?:\w+ ){0,2}(?:request|visit|attempt|call)"
            r"|too frequent|too fast"
            r"|(?:request|access|api)[^.]{0,20}\b(?:frequency|limit exceeded)"
            r"|exceed\w*[^.]{0,30}(?:frequency|request limit|requests per)|throttl"
            r"|(?:call|usage) limit|quota"
            r"|request limit\b|limit of requests|frequency is too high"
            r"|number of (?:\w+ )?requests (?:is|are) limited"
        ),
        Category.RATE_LIMITED,
    ),
    (
        _sentence(
            r"\bip\b[^.]{0,60}(?:white ?list|allow|bound|bind|restrict|not in|n't in"
            r"|not included|match|forbid|unauthori[sz]ed|not authori[sz]ed|not trusted"
            r"|denied|not permitted|cannot access)"
            r"|(?:white|allow|trusted)[- ]?(?:ip )?list"
            r"|(?:invalid|unmatched|illegal|unauthori[sz]ed|incorrect|wrong|unbound"
            r"|untrusted) (?:client |request |source )?ip\b|ip[_ ]forbidden"
            r"|not allow(?:ed)?[^.]{0,20}\bip\b|\bno authori[sz]ation i ?p\b"
            r"|(?:access|from)[^.]{0,12}\bip\b[^.]{0,20}(?:not|denied)"
            r"|(?:does not|doesn't) allow[^.]{0,30}\bip\b|ip address|\(access ip\)"
        ),
        Category.IP_RESTRICTED,
    ),
    (
        _sentence(
            r"(?:key|credential)\b[^.]{0,20}\bexpired"
            r"|(?<!session )\btoken (?:has |is |was )?(?:already )?expired"
            r"|expired (?:\w+ ){0,2}(?:api )?(?:key|token|credential)"
            r"|\bkey[_ !]?expir|expired[^.]{0,12}\b(?:api )?key\b"
        ),
        Category.EXPIRED_CREDENTIALS,
    ),
    (
        _sentence(
            r"mandatory param|missing (?:required |mandatory "
            r"|request )?(?:param|field|arg)"
            r"|required (?:param|field|argument)[^.]{0,20}(?:missing|empty|not)"
            r"|recv[_ ]?window[^.]{0,12}(?:must|too large|less)"
        ),
        Category.BAD_REQUEST,
    ),
    (
        _sentence(
            r"(?<!start )(?<!end )time-?stamp|recv[_ ]?window|nonce"
            r"|request[^.]{0,20} expired|server time"
            r"|\bclock\b|time difference|out of sync|time out of|\btonce"
            r"|outdated message|acceptable window|receive window"
            r"|signature[^.]{0,12} expired|req[_ ]time|request-time"
        ),
        Category.CLOCK_SKEW,
    ),
    (
        _sentence(
            r"(?:current |wrong |match\w* )environment|testnet key|demo (?:key|account)"
            r"|(?:sandbox|testnet|demo|live|production) (?:api )?keys?\b[^.]{0,30}\bnot"
            r"|broker id of api"
            r"|keys?\b[^.]{0,20} (?:testnet|sandbox|demo) only"
            r"|not belong to this (?:environment|site)"
        ),
        Category.WRONG_ENVIRONMENT,
    ),
    (
        _sentence(
            r"maintenance|maintaining|(?:system|server|engine)[^.]{0,12} upgrad"
            r"|being upgraded|cancel[_ -]?only|post[_ -]?only mode|scheduled downtime"
        ),
        Category.MAINTENANCE,
    ),
    (
        _sentence(
            r"\bkyc\b|(?:identity|personal)[ _-]?verif|verify your identity"
            r"|personal details|update your profile"
            r"|(?:account|user|identity)[^.]{0,12} not (?:yet )?verified"
            r"|real-?name (?:authentication|verification)"
        ),
        Category.KYC_REQUIRED,
    ),
    (
        # What is held back is a market; its account is not.
        _sentence(r"\b(?:currency|coin|symbol|pair)\b[^.]{0,40}risk control"),
        Category.BAD_SYMBOL,
    ),
    (
        # About making a key, not about the one that was used.
        _sentence(r"\bkeys? (?:remarks?|notes?|names?|labels?)\b"),
        Category.BAD_REQUEST,
    ),
    (
        _sentence(
            r"(?:account|user|member|keys?|api)\b[^.]{0,30}(?:frozen(?! balance)|locked"
            r"|suspended|banned|deactivated|terminated|been cancell?ed|risk control)"
            r"|(?:account|user|member)\b[^.]{0,30}(?:disabled|blocked|restricted)"
            r"|(?:frozen|locked|suspended|banned|blocked) (?:account|user|member)"
            r"|risk (?:problem|issue)s? (?:in|with|of) your account"
            r"|risk control|(?:trading|transactions?) (?:is |are |has been )?banned"
        ),
        Category.ACCOUNT_SUSPENDED,
    ),
    (
        _sentence(
            rf"{_WRONG} (?:\w+ ){{0,2}}{_FRAME}\b|\b{_FRAME}\b[^.]{{0,30}}{_IS_WRONG}"
            rf"|failed to parse[^.]{{0,30}}{_FRAME}\b"
        ),
        Category.BAD_TIMEFRAME,
    ),
    (
        _sentence(
            rf"(?:{_WRONG}|valid)[ _-]?{_SYMBOL}\b|\b{_SYMBOL}\b[^.]{{0,30}}{_IS_WRONG}"
            rf"|{_WRONG} (?:\w+ ){{0,2}}(?:symbol|pair|product|instrument)\b"
            rf"|market is (?:currently )?closed|no such {_SYMBOL}"
            rf"|\b[A-Z0-9]{{2,12}}[-_/][A-Z]{{3,5}}\b not exist"
            rf"|{_SYMBOL} (?:is )?(?:frozen|suspended|removed)"
            r"|order ?book (?:is|was|has been|had been) closed|expired order ?book"
        ),
        Category.BAD_SYMBOL,
    ),
    (
        _sentence(
            r"(?:route|endpoint|url|path|resource|interface|api method)\b[^.]{0,20}"
            r"(?:not found|not exist|n't exist|deprecated)|no such (?:endpoint|method)"
            r"|invalid (?:url|path|endpoint|route)|method not found|no route"
            r"|missing authentication token"
        ),
        Category.WRONG_URL,
    ),
    (
        _sentence(
            r"permission|missing (?:required )?(?:scope|role)"
            r"|read[- ]?only|out of scope"
            r"|insufficient scope|not authori[sz]ed|unauthori[sz]ed (?:to|exec)"
            r"|sub-?account restriction"
            r"|does not have access"
            r"|privilege|no right|not allowed to|not permitted"
            r"|action is unauthori[sz]ed|\bforbidden\b"
            r"|access[_ ](?:is )?(?:denied|prohibited)|key[^.]{0,20}does not allow"
            r"|not enabled for (?:this|your) (?:key|api)"
        ),
        Category.PERMISSION_DENIED,
    ),
    (
        _sentence(
            rf"(?:invalid|incorrect|unknown|wrong|no active|illegal|bad)[^.]{{0,20}}"
            rf"(?:key|signature|sign|token|credentials?|digest|jwt|secret)\b"
            rf"|\b(?:{_KEY}|sign|digest|jwt|secret|hmac)\b[^.]{{0,30}}(?:{_WRONG}"
            r"|not exist|n't exist|not found|mismatch|fail|not valid"
            r"|not match|n't match"
            r"|error|required|missing|null|empty|blank)"
            r"|invalid user\b|user (?:not found|does not exist)|api validation failed"
            r"|key[^.]{0,20}(?:deleted|revoked|disabled)|log ?in first"
            r"|could not verify[^.]{0,20}\b(?:jwt|token|signature)"
            r"|authentication failure|failed to (?:find|load"
            r"|verify)[^.]{0,20}\b(?:key|jwt|token|signature)"
            r"|unauthori[sz]ed|unauthenticated|not authenticated|not logged in"
            r"|authentication[ _](?:error|failed|required|is required)"
            r"|login[ _]required"
            r"|(?<!parameter )verification fail|error sign|bad sign"
        ),
        Category.INVALID_CREDENTIALS,
    ),
    (
        _sentence(r"time-?d? ?out|deadline|did not respond in time"),
        Category.TIMEOUT,
    ),
    (
        _sentence(
            r"internal[^.]{0,12} error|overload|\bbusy\b|unavailable|ring-?balancer"
            r"|(?:system|service"
            r"|server|network) (?:error|abnormal|exception)|try again later|is offline"
            r"|bad gateway|degraded"
        ),
        Category.EXCHANGE_UNAVAILABLE,
    ),
    (
        _sentence(
            rf"{_WRONG} (?:\w+ ){{0,2}}(?:param\w*|arguments?|request"
            rf"|value|field|input)"
            rf"|\b(?:param\w*|arguments?|field|value)\b[^.]{{0,30}}{_IS_WRONG}"
            r"|validation (?:failed|error)|parameter|malformed|\bweb-?socket\b"
            # Of an account's own orders and addresses, not of requests.
            r"|\blimit of (?:count|size|allowed|open|sub\w+)\b"
            r"|(?:amount|number) of (?:stop )?orders\b[^.]{0,30}exceed"
            r"|must be (?:less|greater)|is after \w+time"
        ),
        Category.BAD_REQUEST,
    ),
)
_C = Category
_SHARPER: Mapping[Category, frozenset[Category]] = {
    _C.BAD_REQUEST: frozenset(
        {
            *(_C.BAD_SYMBOL, _C.BAD_TIMEFRAME, _C.CLOCK_SKEW, _C.IP_RESTRICTED),
            *(_C.INVALID_CREDENTIALS, _C.INVALID_PASSPHRASE, _C.EXPIRED_CREDENTIALS),
            *(_C.PERMISSION_DENIED, _C.MAINTENANCE, _C.RATE_LIMITED, _C.WRONG_URL),
            *(_C.KYC_REQUIRED, _C.ACCOUNT_SUSPENDED, _C.WRONG_ENVIRONMENT),
        }
    ),
    _C.INVALID_CREDENTIALS: frozenset(
        {
            *(_C.IP_RESTRICTED, _C.EXPIRED_CREDENTIALS, _C.PERMISSION_DENIED),
            *(_C.CLOCK_SKEW, _C.CREDENTIALS_OR_IP_OR_PERMISSION, _C.INVALID_PASSPHRASE),
            *(_C.ACCOUNT_SUSPENDED, _C.WRONG_ENVIRONMENT, _C.RATE_LIMITED),
        }
    ),
    _C.PERMISSION_DENIED: frozenset(
        {
            *(_C.IP_RESTRICTED, _C.KYC_REQUIRED, _C.ACCOUNT_SUSPENDED),
            *(_C.EXPIRED_CREDENTIALS, _C.CREDENTIALS_OR_IP_OR_PERMISSION),
        }
    ),
    _C.EXCHANGE_UNAVAILABLE: frozenset({_C.MAINTENANCE, _C.TIMEOUT, _C.RATE_LIMITED}),
    _C.RATE_LIMITED: frozenset({_C.IP_BANNED}),
    _C.BAD_SYMBOL: frozenset({_C.BAD_TIMEFRAME, _C.MAINTENANCE}),
    _C.CLOCK_SKEW: frozenset({_C.BAD_SYMBOL}),
    _C.WRONG_URL: frozenset({_C.BAD_SYMBOL}),
    _C.ACCOUNT_SUSPENDED: frozenset({_C.IP_BANNED, _C.KYC_REQUIRED}),
}
"""What the words of an answer may make of its code: the wide becomes narrow.

Exchanges reuse codes: Gate says FORBIDDEN for an address that is not on the list,
HTX "signature not valid" for five causes, Bybit 10001 for symbol and period.
"""
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_BETWEEN_WORDS = re.compile(r"(?<=[A-Za-z])_(?=[A-Za-z])")
_JOINTS = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[A-Za-z])[_-](?=[A-Za-z])")


def by_sentence(text: str) -> Category | None:
    """Return what a text says, None when no sentence is known."""
    # An address has full stops in it, which would end the sentence.
    text = _BETWEEN_WORDS.sub(" ", _ADDRESS.sub("ip", text))
    for pattern, category in _SENTENCES:
        if pattern.search(text):
            return category
    return None


def sharpened(category: Category, text: str) -> Category:
    """Return what a code's category becomes in the light of the answer's words."""
    sharper = _SHARPER.get(category)
    said = by_sentence(text) if sharper else None
    return said if sharper and said in sharper else category


def as_words(code: str) -> str:
    """Return a code in words as one would say it, so that sentences match it."""
    return _JOINTS.sub(" ", code)
