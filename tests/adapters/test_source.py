import random
import re
import shutil
from pathlib import Path

import pytest

from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.source import FileSource
from reconciler.core.diagnostic import Severity
from reconciler.core.errors import DocumentError, InputError

DATA = Path(__file__).parents[1] / "data"
HEAD = "type: ccxt_crypto\nprovider: binance\n"

EXPECTED = {
    "r101.yaml": "4:6 R101",
    "r102.yaml": "4:1 R102",
    "r103.yaml": "4:3 R103",
    "r104.yaml": "3:9 R104",
    "r105.yaml": "3:9 R105",
    "r106.yaml": "1:1 R106",
    "r107.yaml": "3:19 R107",
    "r201.yaml": "3:1 R201",
    "r202.yaml": "1:1 R202",
    "r203.yaml": "3:29 R203",
    "r204.yaml": "4:19 R204",
    "r205.yaml": "1:7 R205",
    "r206": "1:7 R206",
    "r207.yaml": "1:10 R207",
    "r209": "2:1 R209",
    "r301.yaml": "11:12 R301",
    "r302.yaml": "10:1 R302",
    "r303.yaml": "12:15 R303",
    "r304.yaml": "24:1 R304",
    "r305.yaml": "10:1 R305",
    "r306.yaml": "11:3 R306",
    "r307.yaml": "13:3 R307",
    "r308.yaml": "3:1 R308",
    "r211.yaml": "5:9 R211",
    "r212.yaml": "5:9 R212",
    "r320": "10:1 R320",
    "r401.yaml": "1:7 R401",
    "r402.yaml": "2:11 R402",
    "r403.yaml": "2:11 R403",
    "r404.yaml": "5:20 R404",
    "r405.yaml": "4:3 R405",
    "r406.yaml": "4:12 R406",
    "r407.yaml": "4:12 R407",
    "r408.yaml": "17:3 R408",
}
"""Place and code of the only problem of each file in `tests/data/invalid`."""


def source(root, connections="d", *, files=(), cache=False, adapters=find_adapters):
    return FileSource(
        directory=root,
        connections=connections,
        adapters=adapters,
        files=files,
        cache=cache,
    )


def write(root, **documents):
    for stem, text in documents.items():
        path = root / "d" / f"{stem.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_every_valid_document_is_valid():
    found = source(DATA, "valid").read()

    assert found.diagnostics == ()
    assert found.invalid_names == frozenset()
    assert len(found.heads) == found.files == len(list((DATA / "valid").iterdir()))


@pytest.mark.parametrize("name", [path.name for path in (DATA / "invalid").iterdir()])
def test_an_invalid_document_shows_its_code_at_its_place(name):
    found = source(DATA / "invalid", ".", files=[Path(name)]).read()

    (problem,) = found.diagnostics
    place = f"{problem.span.line}:{problem.span.column} {problem.code}"
    assert place == EXPECTED[name]
    assert problem.span.file.startswith(name)
    assert problem.severity is Severity.ERROR
    assert name.removesuffix(".yaml") in found.invalid_names
    assert found.heads == {}


def test_one_bad_file_never_hides_another(tmp_path):
    shutil.copytree(DATA / "invalid", tmp_path / "d")
    shutil.copytree(DATA / "valid", tmp_path / "d/good")

    found = source(tmp_path).read()

    assert {item.code for item in found.diagnostics} == {
        place.split()[1] for place in EXPECTED.values()
    }
    assert found.heads.keys() == source(DATA, "valid").read().heads.keys()


def test_the_order_of_the_files_on_disk_does_not_matter(tmp_path):
    files = [path for path in (DATA / "invalid").rglob("*") if path.is_file()]
    readings = []
    for seed in range(3):
        random.Random(seed).shuffle(files)  # noqa: S311  # any order will do
        for path in files:
            target = tmp_path / str(seed) / "d" / path.relative_to(DATA / "invalid")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        readings.append(source(tmp_path / str(seed)).read())

    assert readings[0] == readings[1] == readings[2]


def test_two_files_of_one_name_touch_nothing_and_name_each_other(tmp_path):
    write(tmp_path, a__same=HEAD, b__same=HEAD + "active: false\n", other=HEAD)

    found = source(tmp_path).read()

    (problem,) = found.diagnostics
    assert (problem.code, problem.span.file) == ("R206", "d/b/same.yaml")
    assert problem.related[0][0].file == "d/a/same.yaml"
    assert found.heads.keys() == {"other"}
    assert found.invalid_names == {"same"}


def test_a_forgotten_name_in_a_copy_does_not_hold_back_the_original(tmp_path):
    write(tmp_path, one=f"name: one\n{HEAD}", two=f"name: one\n{HEAD}")

    found = source(tmp_path).read()

    assert [item.code for item in found.diagnostics] == ["R205"]
    assert found.heads.keys() == {"one"}
    assert found.invalid_names == {"two"}


def test_a_renamed_name_keeps_both_names_from_being_taken_for_gone(tmp_path):
    write(tmp_path, new=f"name: old\n{HEAD}")

    assert source(tmp_path).read().invalid_names == {"new", "old"}


def test_a_broken_link_is_not_a_removed_connection(tmp_path):
    write(tmp_path, good=HEAD)
    (tmp_path / "d/lost.yaml").symlink_to("nowhere")

    found = source(tmp_path).read()

    (problem,) = found.diagnostics
    assert (problem.code, str(problem.span)) == ("R107", "d/lost.yaml:1:1")
    assert found.invalid_names == {"lost"}


def test_every_layer_speaks_in_one_pass(tmp_path):
    text = "active: yes\ntype: ccxt_cripto\nprovider: x\nownr: a\nbinding: b\n"
    write(tmp_path, bad=text)

    codes = [item.code for item in source(tmp_path).read().diagnostics]

    assert codes == ["R104", "R401", "R201", "R308"]


def test_a_broken_plug_in_takes_down_its_own_connections_only(tmp_path):
    class Broken(dict):
        def __getitem__(self, name):
            if name == "mtapi":
                raise InputError("the adapter 'mtapi' cannot be used")
            return find_adapters()[name]

    write(tmp_path, bad="type: mtapi\nprovider: x\n", good=HEAD)

    found = source(
        tmp_path, adapters=lambda: Broken.fromkeys(["mtapi", "ccxt_crypto"])
    ).read()

    assert [item.message for item in found.diagnostics] == [
        "the adapter 'mtapi' cannot be used"
    ]
    assert found.heads.keys() == {"good"}


def test_files_may_be_named_one_by_one(tmp_path):
    write(tmp_path, one=HEAD, two=HEAD, deep__three=HEAD)
    (tmp_path / "_draft.yaml").write_text(HEAD, encoding="utf-8")
    chosen = [Path("d/one.yaml"), tmp_path / "d/deep"]

    found = source(tmp_path, files=chosen).read()

    assert {head.file for head in found.heads.values()} == {
        "d/one.yaml",
        "d/deep/three.yaml",
    }
    missing = source(tmp_path, files=[Path("d/none.yaml")]).read()
    assert [item.code for item in missing.diagnostics] == ["R107"]


def test_a_document_is_loaded_in_full(tmp_path):
    write(tmp_path, one=HEAD)
    reader = source(tmp_path)
    head = reader.read().heads["one"]

    desired = reader.load("one")

    assert (desired.revision, desired.file) == (head.revision, head.file)
    assert desired.text == HEAD
    assert desired.data == {"type": "ccxt_crypto", "provider": "binance"}


def test_a_document_that_changed_since_is_not_loaded(tmp_path):
    write(tmp_path, one=HEAD, two=HEAD)
    reader = source(tmp_path)
    reader.read()
    write(tmp_path, one=HEAD + "active: false\n")
    (tmp_path / "d/two.yaml").unlink()

    for name in ("one", "two"):
        with pytest.raises(InputError, match=f"{name}.yaml' changed"):
            reader.load(name)


def test_a_stored_document_is_parsed_by_its_shape_alone(tmp_path):
    reader = source(tmp_path)
    stored = "type: no_such_type\nprovider: gone\n"

    assert reader.parse(stored, file="d/x.yaml").connection.name == "x"
    assert reader.parse(f"name: z\n{stored}", file="").connection.name == "z"
    with pytest.raises(DocumentError) as caught:
        reader.parse("type: 3\n", file="d/x.yaml")
    assert [item.code for item in caught.value.diagnostics] == ["R202", "R203"]


def test_no_plaintext_credential_is_ever_shown(tmp_path):
    text = (DATA / "invalid/r301.yaml").read_text("utf-8")
    secret = re.search(r"api_key: (.*)", text)[1]
    write(tmp_path, r301=text)

    found = source(tmp_path, cache=True).read()

    assert secret not in repr(found)
    assert secret not in (tmp_path / ".reconcile/cache/documents.json").read_text()


def test_shape_seal_and_provider_problems_come_in_one_pass(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "bad.yaml").write_text(
        f"{HEAD}naem: x\nactive: yes\ncredentials: {{api_key: plain}}\n"
        "settings: {timeframes: [7m]}\n"
    )

    diagnostics = source(tmp_path).read().diagnostics

    places = [(item.span.line, item.code) for item in diagnostics]
    assert places == [
        (3, "R201"),
        (4, "R104"),
        (5, "R306"),
        (5, "R301"),
        (6, "R404"),
    ]
