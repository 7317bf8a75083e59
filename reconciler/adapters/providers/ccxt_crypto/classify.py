"""From what an exchange answered, and what ccxt made of it, to one diagnosis.

The order is that of reliability: the broken connection in the cause chain, what
stands before the API (a country block, a firewall, a limit), the exchange's own
code, its sentence, the status, and ccxt's class last. What none of them knows
stays unknown, with its evidence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.adapters.providers.answers.answer import (
    Answer,
    gate_category,
    status_category,
)
from reconciler.adapters.providers.answers.evidence import (
    address_fix,
    codes_of,
    evidence_of,
    is_error_document,
    parse_json,
    says_nothing,
    summary_of,
    text_of,
)
from reconciler.adapters.providers.answers.sentences import by_sentence, sharpened
from reconciler.adapters.providers.answers.transport import transport_diagnosis
from reconciler.adapters.providers.answers.waits import is_limit, retry_after_s
from reconciler.adapters.providers.ccxt_crypto.native import (
    ban_s,
    hint_of,
    known_code,
    meaning_of,
)
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.diagnosis import KINDS, Category, Diagnosis, diagnose

_BAD_REQUEST = 400
_DECISIVE = frozenset(
    {Category.GEO_RESTRICTED, Category.RATE_LIMITED, Category.IP_BANNED}
)
_CLASSES: tuple[tuple[str, Category], ...] = (
    ("RestrictedLocation", Category.GEO_RESTRICTED),
    ("AccountSuspended", Category.ACCOUNT_SUSPENDED),
    ("PermissionDenied", Category.PERMISSION_DENIED),
    ("AuthenticationError", Category.INVALID_CREDENTIALS),
    ("BadSymbol", Category.BAD_SYMBOL),
    ("InvalidNonce", Category.CLOCK_SKEW),
    ("RateLimitExceeded", Category.RATE_LIMITED),
    ("DDoSProtection", Category.RATE_LIMITED),
    ("OnMaintenance", Category.MAINTENANCE),
    ("RequestTimeout", Category.TIMEOUT),
    ("ExchangeNotAvailable", Category.EXCHANGE_UNAVAILABLE),
    ("BadResponse", Category.BAD_RESPONSE),
    ("InvalidProxySettings", Category.PROXY_UNREACHABLE),
    ("ArgumentsRequired", Category.BAD_REQUEST),
    ("BadRequest", Category.BAD_REQUEST),
    ("NotSupported", Category.BAD_REQUEST),
    ("OperationFailed", Category.EXCHANGE_UNAVAILABLE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known besides the exception.

    `answer` is the last one since the call began; `signing` tells that the call
    needed the key.
    """

    exchange: str
    scrub: Scrubber
    now_s: float
    answer: Answer | None = None
    signing: bool = False
    environment: str = "live"


def explain_ccxt(error: Exception, case: Case) -> Diagnosis | None:
    """Return the diagnosis of what ccxt raised, None for what is not its kind."""
    broken = transport_diagnosis(error, case.scrub)
    if broken is not None:
        return broken
    known = _is_ccxt_error(error)
    if not known and case.answer is None:
        unfit = case.signing and _is_unfit_secret(error)
        return _unsignable(error, case) if unfit else None
    category = _category(error, case, known=known)
    return _describe(category, error, case)


def explain_native(case: Case) -> Diagnosis | None:
    """Return what an answer means that ccxt takes for a success, None for a success.

    A success is never read for words: only a code that is an error's says so.
    """
    answer = case.answer
    if answer is None:
        return None
    if answer.is_success:
        codes = codes_of(parse_json(answer.body))
        if known_code(case.exchange, codes) is None:
            return None
    category = classify_answer(case.exchange, answer) or status_category(answer)
    return _describe(category or Category.UNKNOWN, None, case)


def explain_no_rows(case: Case) -> Diagnosis | None:
    """Return what a success says in which ccxt found no sound row: an error, or None.

    A gateway's error with status 200 has no code of the exchange's own, and a library
    that looks for a list in it finds an empty one.
    """
    answer = case.answer
    if answer is None or not is_error_document(parse_json(answer.body)):
        return None
    category = classify_answer(case.exchange, answer) or Category.BAD_RESPONSE
    return _describe(category, None, case)


def classify_answer(exchange: str, answer: Answer) -> Category | None:
    """Return what an exchange's error answer means, None when it tells nothing."""
    gate = gate_category(answer)
    code = known_code(exchange, codes_of(parse_json(answer.body)))
    found = meaning_of(exchange, code) if code is not None else None
    if gate is Category.RATE_LIMITED and found is Category.IP_BANNED:
        return found  # one status for both, and the code tells them apart
    if gate in _DECISIVE or answer.is_html:
        return gate
    text = text_of(answer, without=code)
    return sharpened(found, text) if found is not None else gate or by_sentence(text)


def _category(error: Exception, case: Case, *, known: bool) -> Category:
    answer = case.answer
    if answer is not None and not (known and _is_before_request(error)):
        found = classify_answer(case.exchange, answer) if known else None
        if found is not None:
            return found
    by_class = _by_class(error)
    by_status = _by_status(answer)
    # ccxt takes most bare 4xx for "not available"; the status itself says more.
    if by_class in (None, Category.EXCHANGE_UNAVAILABLE):
        if by_status is not None:
            return by_status
        if answer is not None and answer.status == _BAD_REQUEST:
            return Category.UNKNOWN  # it is there, and dislikes something
    if by_class is not None:
        return by_class
    is_refusal = known and not (answer is not None and says_nothing(answer))
    return Category.UNKNOWN if is_refusal else Category.BAD_RESPONSE


def _by_status(answer: Answer | None) -> Category | None:
    """Return what the status says; a bare 400 says nothing."""
    if answer is None or answer.is_success:
        return None
    found = status_category(answer)
    return None if found is Category.BAD_REQUEST else found


def _is_before_request(error: Exception) -> bool:
    """Tell whether ccxt itself said no: an unknown symbol is found without asking."""
    return type(error).__name__ in {"BadSymbol", "ArgumentsRequired"} and (
        "does not have market symbol" in str(error) or "requires" in str(error)
    )


def _describe(category: Category, error: Exception | None, case: Case) -> Diagnosis:
    evidence = evidence_of(case.answer, case.scrub)
    if error is not None:
        evidence["exception"] = type(error).__qualname__
        if case.answer is None:
            evidence["message"] = case.scrub.clean(_without_query(str(error)))
    wait = None
    if case.answer is not None:
        limited = is_limit(category)
        wait = retry_after_s(case.answer, now_s=case.now_s, limited=limited)
    if wait is None and category is Category.IP_BANNED:
        wait = ban_s(case.exchange)
    return diagnose(
        category,
        detail=summary_of(case.answer, case.scrub) if case.answer else "",
        fix=_fix(category, case, evidence),
        evidence=evidence,
        retry_after_s=wait,
    )


def _is_unfit_secret(error: Exception) -> bool:
    """Tell whether signing failed over the secret's own form, not over a bug."""
    makers = ("cryptography", "ccxt.static_dependencies", "coincurve", "binascii")
    return isinstance(error, ValueError | AssertionError) or type(
        error
    ).__module__.startswith(makers)


def _unsignable(error: Exception, case: Case) -> Diagnosis:
    name = type(error).__qualname__
    return diagnose(
        Category.INVALID_CREDENTIALS,
        detail=f"nothing could be signed with it ({name})",
        fix="copy key and secret again: one of them does not have the form in which "
        "this exchange issues it",
        evidence=case.scrub.clean_all({"exception": name, "message": str(error)}),
    )


def _fix(category: Category, case: Case, evidence: Mapping[str, str]) -> str:
    fix = address_fix(category, evidence)
    if category is Category.INVALID_CREDENTIALS:
        there = "a live key" if case.environment != "live" else "a testnet or demo key"
        fix = (
            "copy key and secret from the provider again and seal them; "
            f"{there} is unknown in the {case.environment} environment"
        )
    hint = hint_of(case.exchange, evidence.get("code", "").split(", "))
    return f"{fix or KINDS[category].fix}; {hint}" if hint else fix


def _by_class(error: Exception) -> Category | None:
    names = {kind.__name__ for kind in type(error).__mro__}
    return next((category for name, category in _CLASSES if name in names), None)


def _is_ccxt_error(error: Exception) -> bool:
    return any(
        kind.__name__ == "BaseError" and kind.__module__.startswith("ccxt")
        for kind in type(error).__mro__
    )


def _without_query(text: str) -> str:
    return re.sub(r"\?[^\s'\"]*", "?…", text)
