import json
import tomllib
from pathlib import Path

import pytest

from reconciler.adapters import schemas
from reconciler.core.document import ConnectionDocument

ROOT = Path(__file__).parents[2]
REGENERATE = "run: python -m reconciler.adapters.schemas"


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_the_committed_schema_is_what_the_code_generates(kind):
    committed = (ROOT / "schemas" / f"{kind}.schema.json").read_text("utf-8")

    assert committed == schemas.schema_text(kind), REGENERATE


def test_no_other_schema_is_committed():
    names = {path.name for path in (ROOT / "schemas").iterdir()}

    assert names == {f"{kind}.schema.json" for kind in schemas.KINDS}


def test_writing_makes_the_folder_and_one_file_per_kind(tmp_path):
    written = schemas.write_schemas(tmp_path / "new")

    assert len(written) == len(schemas.KINDS)
    assert all(json.loads(path.read_text("utf-8"))["$id"] for path in written)


def test_every_field_of_a_file_is_explained():
    described = schemas.schema_for("connection")["properties"]

    assert described.keys() == ConnectionDocument.model_fields.keys()
    assert all(field["title"] for field in described.values())


def test_the_offered_types_are_the_built_in_ones():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    points = project["project"]["entry-points"]["reconciler.adapters"]

    assert set(schemas.BUILT_IN_TYPES) == set(points)
