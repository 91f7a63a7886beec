"""A folder held against its manifest: whatever differs is told, and only that."""

from __future__ import annotations

import os
import shutil
import textwrap

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeproof.data as ppd
from pipeproof.data.folders.manifest import Dataset, FileFacts, LeftOut, Manifest
from pipeproof.data.folders.validating import differences
from pipeproof.data.folders.writing import manifest_text
from pipeproof.errors import ConfigError, ContractError


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    (folder / "sales" / "year=2013").mkdir(parents=True)
    (folder / "sales" / "year=2014").mkdir()
    for year in (2013, 2014):
        pl.DataFrame({"id": [year]}).write_parquet(folder / "sales" / f"year={year}" / "a.parquet")
    (folder / "orders.csv").write_text("id,amount\n1,2.5\n")
    (folder / "notes.txt").write_text("hello")
    return folder


@pytest.fixture
def written(folder, tmp_path):
    path = tmp_path / "data.yaml"
    path.write_text(manifest_text(ppd.discover(folder), tmp_path))
    return path


def found(written, **options):
    return [(finding.code, finding.what) for finding in ppd.validate(written, **options).findings]


def test_a_folder_that_nobody_touched_passes(written):
    checked = ppd.validate(written)
    assert (bool(checked), checked.findings, checked.files) == (True, (), 4)


def test_a_copy_elsewhere_passes(folder, written, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    assert ppd.validate(written, folder=tmp_path / "copy")


def test_a_manifest_in_its_own_folder_is_no_new_file(folder):
    path = folder / "manifest.yaml"
    path.write_text(manifest_text(ppd.discover(folder, leave_out=[path]), folder))
    assert ppd.validate(path).findings == ()


def test_a_missing_file_stands_where_the_manifest_lists_it(folder, written):
    (folder / "orders.csv").unlink()
    finding = ppd.validate(written).findings[0]
    line = (
        written.read_text()
        .splitlines()
        .index(next(x for x in written.read_text().splitlines() if "orders.csv:" in x))
    )
    assert (finding.code, finding.what) == ("PPF393", "orders.csv is missing")
    assert (finding.where.line, finding.where.column) == (line + 1, 7)


def test_a_change_is_found_that_left_size_and_date_as_they_were(folder, written):
    about = (folder / "orders.csv").stat()
    (folder / "orders.csv").write_text("id,amount\n1,2.6\n")
    os.utime(folder / "orders.csv", (about.st_atime, about.st_mtime))
    assert found(written) == [("PPF394", "orders.csv has changed")]


def test_of_a_change_rows_and_bytes_before_and_now_are_told(folder, written):
    (folder / "orders.csv").write_text("id,amount\n1,2.5\n2,3.5\n")
    assert "1 → 2 rows, 16 → 22 bytes" in ppd.validate(written).findings[0].evidence


def test_columns_that_came_and_went_are_told_beside_the_change(folder, written):
    (folder / "orders.csv").write_text("id,sum\n1,2.5\n")
    assert ("PPF395", "dataset 'orders' has other columns: amount is gone; sum is new (number)") in found(
        written
    )


def test_a_column_of_another_type_is_told(folder, written):
    (folder / "orders.csv").write_text("id,amount\n1,much\n")
    assert found(written)[1] == (
        "PPF395",
        "dataset 'orders' has other columns: amount was number and is string",
    )


def test_columns_in_another_order_are_told(folder, written):
    (folder / "orders.csv").write_text("amount,id\n2.5,1\n")
    assert found(written)[1] == ("PPF395", "dataset 'orders' has other columns: their order was id, amount")


def test_many_parts_are_one_finding(folder, written):
    for year in (2013, 2014):
        pl.DataFrame({"id": [0]}).write_parquet(folder / "sales" / f"year={year}" / "a.parquet")
    assert found(written) == [
        (
            "PPF394",
            "2 of 2 files of dataset 'sales' have changed: sales/year=2013/a.parquet, sales/year=2014/a.parquet",
        )
    ]


def test_a_new_part_is_a_note_that_names_its_dataset(folder, written):
    (folder / "sales" / "year=2015").mkdir()
    pl.DataFrame({"id": [1]}).write_parquet(folder / "sales" / "year=2015" / "a.parquet")
    checked = ppd.validate(written)
    assert checked.passed
    assert [(f.code, f.severity, f.dataset) for f in checked.findings] == [("PPF396", "note", "sales")]


def test_a_file_that_became_unreadable_is_told_with_the_reason(folder, written):
    (folder / "orders.csv").write_text("")
    assert found(written) == [("PPF397", "orders.csv cannot be read as csv: the file is empty")]


def test_all_is_told_at_once(folder, written):
    (folder / "orders.csv").unlink()
    (folder / "notes.txt").write_text("bye")
    (folder / "new.txt").touch()
    assert [code for code, _ in found(written)] == ["PPF393", "PPF394", "PPF396"]


def test_what_is_wrong_can_be_raised(folder, written):
    (folder / "orders.csv").unlink()
    with pytest.raises(ContractError, match="PPF393"):
        ppd.validate(written).raise_for_findings()


def test_a_note_is_nothing_to_raise(folder, written):
    (folder / "new.txt").touch()
    ppd.validate(written).raise_for_findings()
    assert found(written) == [("PPF396", "new.txt is not in the manifest")]


# The manifest's own file

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
WORDS = st.text("aé:# '\"{}[],&*!|>%@`-_ 1e.~no", min_size=1, max_size=8)
PARTS = st.text("aé:#'\"{},&*!|>%@`-_1e~no ", min_size=1, max_size=8).map(lambda text: f"f{text}f")
FACTS = st.builds(
    FileFacts,
    PARTS,
    st.integers(0, 10**15),
    DIGESTS,
    st.just("2024-05-01T00:00:00Z"),
    st.none() | st.integers(0, 9),
)
COLUMNS = st.dictionaries(WORDS, st.sampled_from(["integer", "string", "List(Int64)"]), max_size=4)


@settings(max_examples=40)
@given(st.lists(FACTS, unique_by=lambda facts: facts.path, max_size=6), COLUMNS, COLUMNS, WORDS)
def test_a_manifest_that_was_written_is_read_back(tmp_path_factory, files, columns, partitions, why):
    folder = tmp_path_factory.mktemp("manifest")
    datasets = (Dataset("a: b", "csv", columns, tuple(files[:3]), "gzip", "utf-8", partitions),)
    manifest = Manifest(folder / "data", datasets, tuple(files[3:]), (LeftOut("x y", why),))
    (folder / "m.yaml").write_text(manifest_text(manifest, folder), "utf-8")
    assert ppd.read_manifest(folder / "m.yaml") == manifest


@settings(max_examples=40)
@given(st.lists(FACTS, unique_by=lambda facts: facts.path, max_size=6), st.data())
def test_the_findings_are_the_differences_of_two_manifests(tmp_path_factory, files, data):
    folder = tmp_path_factory.getbasetemp()
    kept = data.draw(st.lists(st.sampled_from(files), unique=True)) if files else []
    told = list(differences(Manifest(folder, files=tuple(files)), Manifest(folder, files=tuple(kept))))
    back = list(differences(Manifest(folder, files=tuple(kept)), Manifest(folder, files=tuple(files))))
    assert ([finding.code for finding in told], [finding.code for finding in back]) == (
        (["PPF393"], ["PPF396"]) if len(kept) < len(files) else ([], [])
    )


GOOD = "0" * 64
MISTAKES = {
    "a digest that is none": ("files:\n  a.txt: {bytes: 1, sha256: abc}", "PPF390", "4:29"),
    "a path that leads out": (f"files:\n  ../a.txt: {{bytes: 1, sha256: '{GOOD}'}}", "PPF390", "4:3"),
    "an absolute path": (f"files:\n  /etc/passwd: {{bytes: 1, sha256: '{GOOD}'}}", "PPF390", "4:3"),
    "a size that is none": (f"files:\n  a.txt: {{bytes: many, sha256: '{GOOD}'}}", "PPF105", "4:18"),
    "a misspelt key": ("fils: {}", "PPF103", "3:1"),
    "no digest": ("files:\n  a.txt: {bytes: 1}", "PPF104", "4:3"),
    "another format": ("datasets:\n  a: {format: xlsx, columns: {}, files: {}}", "PPF390", "4:15"),
    "columns in a list": ("datasets:\n  a: {format: csv, columns: [a], files: {}}", "PPF105", "4:20"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_manifest_is_told_with_its_place(mistake, tmp_path):
    text, code, place = MISTAKES[mistake]
    path = tmp_path / "m.yaml"
    path.write_text(f"schema: pipeproof.manifest/1\nfolder: data\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        ppd.validate(path)
    finding = caught.value.findings[0]
    assert (finding.code, f"{finding.where.line}:{finding.where.column}") == (code, place)


def test_a_path_that_stands_twice_is_told(tmp_path):
    path = tmp_path / "m.yaml"
    entry = f"a.csv: {{bytes: 1, sha256: '{GOOD}'}}"
    path.write_text(
        textwrap.dedent(f"""\
        schema: pipeproof.manifest/1
        folder: data
        datasets: {{a: {{format: csv, columns: {{}}, files: {{{entry}}}}}}}
        files: {{{entry}}}
        """)
    )
    with pytest.raises(
        ConfigError, match=r"m.yaml:4:9  PPF390  a.csv stands here again; the first is in line 3"
    ):
        ppd.read_manifest(path)


def test_another_kind_of_file_is_no_manifest(tmp_path):
    (tmp_path / "m.yaml").write_text("workflow: {name: x, steps: []}\n")
    with pytest.raises(ConfigError, match="PPF103  unknown key 'workflow'"):
        ppd.validate(tmp_path / "m.yaml")


def test_a_folder_that_is_gone_is_an_error(folder, written):
    shutil.rmtree(folder)
    with pytest.raises(ContractError, match="PPF391  there is no folder"):
        ppd.validate(written)
