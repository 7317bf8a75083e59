"""What the page says of the webhook's signature is so."""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.adapters.documents import parse
from reconciler.adapters.notify.webhook import signature
from reconciler.core.settings import to_settings
from reconciler.core.structured import problems_of_parts

PAGE = Path(__file__).parents[3] / "docs/alerts.md"


def test_the_example_of_the_page_knows_our_signature_from_another():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = {}
    exec(code, names)  # noqa: S102  # our own page
    key, body = b"0123456789abcdef", b'{"id": "msg_1"}'
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1767225600",
        "webhook-signature": signature(key, "msg_1", "1767225600", body),
    }

    assert names["is_ours"](key, headers, body)
    assert not names["is_ours"](key, headers, body + b" ")
    assert not names["is_ours"](b"another key 0123", headers, body)
    assert not names["is_ours"](key, {**headers, "webhook-id": "msg_2"}, body)


def test_the_settings_of_the_page_are_valid():
    text = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    source, found = parse(text, file="reconcile.yaml")

    assert found == ()
    assert to_settings(source)[1] == ()
    assert problems_of_parts(source) == ()
