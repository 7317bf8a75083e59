"""Answers of bridges and of MetaApi, explained without anything being sent."""

from __future__ import annotations

import json

import pytest

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.diagnosing import diagnose_answer
from reconciler.adapters.providers.registry import find_adapters
from tests.adapters.providers.scripted_server import MONDAY

TOKEN = "3f2a9b54-0c1d-4e77-9a55-0d7f1f6c2b11"


def explain(kind, status, document):
    body = document if isinstance(document, str) else json.dumps(document)
    answer = Answer(status=status, body=body)
    now_s = MONDAY.timestamp()
    found = diagnose_answer(find_adapters(), kind, answer, now_s=now_s)
    return found and found.category.value


def native(code, message="..."):
    return {"code": code, "message": message, "stackTrace": "at invalid key of Bridge"}


def hosted(name, message="..."):
    return {"id": 1, "error": name, "message": message}


@pytest.mark.parametrize(
    ("kind", "status", "document", "category"),
    [
        ("mtapi", 201, native("INVALID_ACCOUNT"), "invalid_credentials"),
        (
            "mtapi",
            400,
            native("INVALID_ACCOUNT", "Account disabled"),
            "account_suspended",
        ),
        ("mtapi", 201, native("DONE", "Server 'X' not found"), "bad_request"),
        ("mtapi", 201, native("DONE", "..."), "unknown"),
        ("mtapi", 201, native("INVALID_TOKEN"), "exchange_unavailable"),
        ("mtapi", 201, native("MARKET_CLOSED"), "exchange_unavailable"),
        ("mtapi", 201, native("TIMEOUT"), "timeout"),
        (
            "mtapi",
            401,
            {"error": "unauthorized", "message": "x"},
            "invalid_credentials",
        ),
        (
            "mtapi",
            401,
            {"error": "invalid_token", "message": "x"},
            "invalid_credentials",
        ),
        ("mtapi", 404, {"error": "not_found", "message": "x"}, "invalid_credentials"),
        ("mtapi", 200, "<html></html>", "wrong_url"),
        ("mtapi", 200, "", "bad_response"),
        ("mtapi", 200, "OK", None),
        ("mtapi", 200, TOKEN, None),
        ("mtapi", 200, f'"{TOKEN}"', None),
        ("mtapi", 200, TOKEN[:20], "bad_response"),
        ("mtapi", 200, {"balance": 1}, None),
        ("metaapi", 401, hosted("UnauthorizedError"), "invalid_credentials"),
        ("metaapi", 404, hosted("NotFoundError", "Account id"), "invalid_credentials"),
        ("metaapi", 404, hosted("NotFoundError", "symbol X not found"), "bad_symbol"),
        ("metaapi", 403, hosted("ForbiddenError"), "permission_denied"),
        ("metaapi", 504, hosted("TimeoutError"), "exchange_unavailable"),
        ("metaapi", 200, {"balance": 1}, None),
    ],
)
def test_an_answer_is_explained(kind, status, document, category):
    assert explain(kind, status, document) == category
