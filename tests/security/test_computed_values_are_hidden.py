"""A signature is in no list of ours: its shape gives it away, however it is echoed."""

from __future__ import annotations

import base64
import html
import json

import pytest

from reconciler.adapters.providers.redaction import MASK, Scrubber

SIGN = base64.b64encode(bytes(range(7, 39)) + b"\xff\xfe").decode()
NAMES = ("KC-API-SIGN", "KC-API-PASSPHRASE", "OK-ACCESS-SIGN", "API-Sign")
SENT = {"Host": "api.example", **dict.fromkeys(NAMES, SIGN), "Accept": "*/*"}
LINES = "\r\n".join(f"{name}: {value}" for name, value in SENT.items())
CGI = {f"HTTP_{name.upper().replace('-', '_')}": SENT[name] for name in SENT}

ECHOES = {
    "lines": LINES,
    "lines in JSON": json.dumps({"got": LINES}),
    "lines in JSON in JSON": json.dumps({"got": json.dumps(LINES)}),
    "JSON": json.dumps(SENT),
    "JSON in JSON": json.dumps({"got": json.dumps(SENT)}),
    "JSON in JSON in JSON": json.dumps({"a": json.dumps({"b": json.dumps(SENT)})}),
    "JSON with escaped slashes": json.dumps(SENT).replace("/", "\\/"),
    "JSON with escaped signs": json.dumps(SENT).replace("=", "\\u003d"),
    "lists as Go writes headers": json.dumps({k: [v] for k, v in SENT.items()}),
    "pairs": json.dumps(list(SENT.items())),
    "Python": repr(SENT),
    "Python pairs": repr(list(SENT.items())),
    "raw pairs": repr([(k.encode(), v.encode()) for k, v in SENT.items()]),
    "CGI": json.dumps(CGI),
    "CGI lines": "\n".join(f"{name}: {value}" for name, value in CGI.items()),
    "PHP": "\n".join(f"[{name}] => {value}" for name, value in SENT.items()),
    "a web page": f"<pre>{html.escape(json.dumps(SENT))}</pre>",
    "a table": "".join(f"<td>{k}</td><td>{v}</td>" for k, v in SENT.items()),
    "a query": f"GET /x?timestamp=1&signature={SIGN} HTTP/1.1",
    "a query in JSON": json.dumps({"got": f"/x?signature={SIGN}\nHost: b"}),
    "an encoded query": f"next=%2Fx%3Fsignature%3D{SIGN}",
}


@pytest.mark.parametrize("echo", ECHOES)
def test_no_echo_shows_a_signature(echo):
    cleaned = Scrubber().scrub(ECHOES[echo])

    assert MASK in cleaned
    for piece in (SIGN[:12], SIGN[-14:-3], SIGN[12:24]):
        assert piece not in cleaned


def test_half_a_key_at_the_end_of_a_long_answer_is_left_out():
    key = "k3y-" * 40
    answer = " " * (65_536 - 80) + key  # blanks collapse, so the cut comes into view

    assert "k3y" not in Scrubber([key]).clean(answer)


def test_the_parts_of_a_sealed_url_are_secrets_decoded_as_well():
    url = "https://me:pass%40word%21x@proxy.example:3128/p?k=token%2Bvalue1&x=1"
    scrub = Scrubber([url])

    for part in ("pass@word!x", "pass%40word%21x", "token+value1", "token%2Bvalue1"):
        assert part not in scrub.scrub(f"407 for <{part}>")
