"""Structured parts of `reconcile.yaml`: read when used, every problem in its place."""

from typing import Annotated

import pytest
from pydantic import Field

from reconciler.adapters.documents import parse
from reconciler.core.daemon_settings import DaemonSection
from reconciler.core.document_sections import Section
from reconciler.core.document_words import Wants
from reconciler.core.errors import DocumentError
from reconciler.core.modelled import modelled
from reconciler.core.settings import to_settings
from reconciler.core.structured import PARTS, model_of, part_of, problems_of_parts

Word = Annotated[str, Field(max_length=5)]


class Stop(Section):
    """A stop of a line."""

    name: Annotated[Word, Wants("a short name")]
    zones: Annotated[tuple[int, ...], Wants("a list of zones", items="a number")] = ()


class Line(Section):
    """A model with lists and mappings of models."""

    stops: Annotated[tuple[Stop, ...], Wants("a list of stops", items="a stop")] = ()
    crew: Annotated[dict[str, Stop], Wants("a mapping", items="a stop")] = Field(
        default_factory=dict
    )


def source_of(text):
    return parse(text, file="reconcile.yaml")[0]


def complaints(text):
    source = source_of(text)
    _, found = modelled(Line, source, source.data["line"], at=("line",))
    return [f"{one.span.line}:{one.span.column} {one.message}" for one in found]


def test_a_part_that_is_left_out_has_its_defaults():
    assert part_of(None, DaemonSection) == DaemonSection()
    assert part_of(source_of("prune: true\n"), DaemonSection) == DaemonSection()


def test_a_part_is_read_from_the_settings_that_every_command_reads():
    settings, found = to_settings(source_of("daemon: {rescan: 1m}\n"))

    assert found == ()
    assert part_of(settings.source, DaemonSection).rescan == 60


def test_a_wrong_part_is_told_when_it_is_used_and_when_all_are_checked():
    settings, found = to_settings(source_of("daemon: {rescan: soon, resca: 1m}\n"))

    with pytest.raises(DocumentError) as caught:
        part_of(settings.source, DaemonSection)

    assert found == ()
    assert caught.value.diagnostics == problems_of_parts(settings.source)
    assert {one.code for one in caught.value.diagnostics} == {"R201", "R203"}


def test_a_part_that_is_no_mapping_is_told():
    (found,) = problems_of_parts(source_of("daemon: [1m]\n"))

    assert found.code == "R203"
    assert "daemon must be a mapping" in found.message


def test_problems_inside_lists_and_mappings_of_models_stand_in_their_places():
    text = """\
line:
  stops:
    - name: north
      zones: [1, two]
    - {zones: []}
    - {name: north, zone: 1}
    - 7
  crew:
    anna: {name: southwest}
"""

    assert complaints(text) == [
        "4:18 line.stops[0].zones[1] must be a number, not text 'two'",
        "5:7 line.stops[1].name is missing",
        "6:21 unknown key 'zone' in line.stops[2]",
        "7:7 line.stops[3] must be a stop, not the number 7",
        "9:18 line.crew.anna.name must be a short name, not text 'southwest'",
    ]


@pytest.mark.parametrize("name", PARTS)
def test_every_field_of_every_part_is_explained_and_has_a_default(name):
    model = model_of(name)

    assert model() is not None
    assert all(one.title and one.description for one in model.model_fields.values())
