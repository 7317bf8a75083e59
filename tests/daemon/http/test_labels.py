"""Labels are asked for in the one notation of the command line."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.selecting import label_term
from reconciler.daemon.http.api.asking import ListParams


@given(st.text("a!=*b ", max_size=6))
def test_the_description_allows_what_can_be_read_and_nothing_else(text):
    schema = ListParams.model_json_schema()["properties"]["label"]["items"]
    allowed = re.search(schema["pattern"], text) is not None

    assert allowed == (label_term(text) is not None)
