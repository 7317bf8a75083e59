"""What the plan tells a reviewer beyond the fields: replays and lost bindings."""

import pytest

from reconciler.report.plan import plan_human, plan_markdown
from tests.fakes import FakeSource, FakeStore, desired, make_ports
from tests.pipeline.test_apply import plan_of, run


def sealed(secret: str, *, endpoint: str = "https://a.test", **more):
    return desired(
        "a",
        credentials={"api_key": f"ENC{secret}"},
        binding=f"ENC-binding-{secret}",
        config={"endpoint": endpoint},
        **more,
    )


def applied(*documents):
    store = FakeStore()
    for document in documents:
        run(make_ports(FakeSource.of(document), store))
    return store


def notes(store, document, **options):
    ports = make_ports(FakeSource.of(document), store, **options)
    return plan_of(ports).plan.changes[0].notes


@pytest.mark.parametrize("key", [True, False])
def test_a_document_from_the_past_is_called_a_restoration(key):
    store = applied(sealed("1:x"), sealed("2:y"))

    (note,) = notes(store, sealed("1:x"), key=key)

    assert note.startswith("restores the document that was accepted on 2026-")


def test_old_credentials_in_a_new_document_are_told_of():
    store = applied(sealed("1:x"), sealed("2:y"))

    (note,) = notes(store, sealed("1:x", labels={"desk": "fx"}))

    assert note.startswith("puts back sealed credentials that were replaced since")


@pytest.mark.parametrize(
    "document",
    [
        sealed("2:y", labels={"desk": "fx"}),
        sealed("3:z"),
        sealed("3:z", endpoint="https://b.test"),
    ],
)
def test_what_goes_forward_needs_no_note(document):
    store = applied(sealed("1:x"), sealed("2:y"))

    assert notes(store, document) == ()


def test_a_refused_revision_is_not_called_accepted():
    store = applied(sealed("1:x"))
    assert notes(store, sealed("2:y")) == ()
    assert [one.revision for one in store.records["a"].accepted] == [
        sealed("1:x").revision
    ]


@pytest.mark.parametrize("key", [True, False])
def test_settings_that_left_their_binding_are_told_of_without_a_key(key):
    store = applied(sealed("1:x"))

    (note,) = notes(store, sealed("1:x", endpoint="https://thief.test"), key=key)

    assert note.startswith("config changed, but not the binding")
    assert "encrypt --rebind" in note


def test_both_views_show_the_notes():
    store = applied(sealed("1:x"), sealed("2:y"))
    plan = plan_of(make_ports(FakeSource.of(sealed("1:x")), store)).plan

    assert "! restores the document" in plan_human(plan)
    assert "**Look twice**\n" in plan_markdown(plan)
    assert "restores the document" in plan_markdown(plan)


def test_only_so_many_accepted_revisions_are_kept():
    store = applied(*(sealed(f"{index}:x") for index in range(25)))

    assert len(store.records["a"].accepted) == 20
