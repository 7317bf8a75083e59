"""What the file says of the feed's answers: what an error means, what is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import parse_json
from reconciler.adapters.providers.custom_api.rows import find
from reconciler.core.diagnosis import Category

_JSON_TYPES = ("application/json", "+json")


def make_rules(
    rules: Sequence[Mapping[str, Any]],
) -> Callable[[Answer], Category | None]:
    """Return the file's own reading of an answer: the first rule that holds wins."""

    def judge(answer: Answer) -> Category | None:
        for index, rule in enumerate(rules):
            if _holds(rule, answer, f"error_rules.{index}.json"):
                return Category(rule["category"])
        return None

    return judge


def unmet(expect: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    """Yield what an answer lacks of what `config.test.expect` says."""
    codes = _as_list(expect.get("status"))
    if codes and answer.status not in codes:
        yield f"status {answer.status}, expected {', '.join(map(str, codes))}"
    wanted = expect.get("content_type")
    found_type = answer.header("Content-Type")
    if wanted and not _is_type(found_type, wanted):
        yield f"content type '{found_type[:60]}', expected '{wanted}'"
    for name, text in expect.get("headers", {}).items():
        found = answer.header(name)
        if not found or (text and found.strip() != text.strip()):
            yield f"header '{name}' is not as expected"
    conditions = _as_list(expect.get("json"))
    document = parse_json(answer.body) if conditions else None
    for condition in conditions:
        if not find(condition, document, name="test.expect.json"):
            yield f"config.test.expect.json does not hold: {condition[:80]}"


def late(expect: Mapping[str, Any], took_ms: float | None) -> str:
    """Return how an answer came later than expected, empty when it did not."""
    most = expect.get("max_latency_ms")
    if most is None or took_ms is None or took_ms <= most:
        return ""
    return f"the test call took {took_ms:.0f} ms, expected at most {most} ms"


def _holds(rule: Mapping[str, Any], answer: Answer, name: str) -> bool:
    codes = _as_list(rule.get("status"))
    if codes and answer.status not in codes:
        return False
    words = rule.get("message_contains")
    if words is not None and words.lower() not in answer.body.lower():
        return False
    condition = rule.get("json")
    if condition is None:
        return True
    return bool(find(condition, parse_json(answer.body), name=name))


def _is_type(found: str, wanted: str) -> bool:
    media = found.partition(";")[0].strip().lower()
    if wanted.lower() == "json":
        return media.endswith(_JSON_TYPES)
    return media == wanted.strip().lower()


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
