"""One person is removed from tables, events, logs and files, others stay, and runs say so."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import pipeproof as pp
from pipeproof.errors import UsageError
from pipeproof.project import Project
from pipeproof.project.forgetting import forget
from pipeproof.store.lock import RunLock

ROWS = "customer_id,full_name,email,amount\nC-1,Zoe Keller,zoe@firm.de,5\nC-12,Ada Novak,ada@firm.de,7\n"
CODE = """
import csv, os, shutil
def main(input_paths, output_paths, environ_vars, job_args):
    path = input_paths["big"]
    for row in csv.DictReader(open(path)):
        print("seen", row["customer_id"], row["full_name"])
    shutil.copy(path, output_paths["out"])
"""
PIPELINE = """
sources: {customers: {path: data/customers.csv}}
workflow:
  name: shop
  steps:
    - {name: big, type: sql, config: {query_template: SELECT * FROM customers, output_name: big}}
    - name: look
      type: script
      config: {script: look.py}
      contract:
        inputs: {big: {format: csv, path: big.csv}}
        outputs: {out: {format: csv, path: out.csv}}
"""


@pytest.fixture
def folder(tmp_path):
    """A project with a run that read two customers."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "customers.csv").write_text(ROWS)
    (tmp_path / "look.py").write_text(CODE)
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    assert pp.run(tmp_path / "pipeline.yaml")
    return tmp_path


def _kept(folder) -> bytes:
    """Return all bytes that the project keeps, tables as text."""
    found = []
    for path in (folder / ".pipeproof").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found.append(pl.read_parquet(path).write_csv().encode() if data[:4] == b"PAR1" else data)
    return b"\n".join(found)


def _files(folder) -> dict[str, bytes]:
    """Return the content of all files but the ledger's own, which change when they are read."""
    state = folder / ".pipeproof"
    return {
        str(path): path.read_bytes() for path in state.rglob("*") if path.is_file() and path.parent != state
    }


def test_nothing_of_the_person_is_left_and_others_stay(folder):
    done = forget(["customer_id=C-1"], Project.at(folder), [folder / "data"])
    kept = _kept(folder)
    assert done.complete
    assert not [value for value in (b"C-1,", b"zoe@", b"Zoe Keller") if value in kept]
    assert b"C-12,Ada Novak,ada@firm.de,7" in kept
    assert (folder / "data" / "customers.csv").read_text() == ROWS.replace(
        "C-1,Zoe Keller,zoe@firm.de,5\n", ""
    )


def test_logs_are_blotted_out_and_whole_words_alone(folder):
    forget(["customer_id=C-1"], Project.at(folder))
    log = next((folder / ".pipeproof").glob("runs/*/logs/look.1.log")).read_text()
    assert log == "seen [forgotten] [forgotten]\nseen C-12 Ada Novak\n"


def test_a_dry_run_finds_the_same_and_changes_nothing(folder):
    before = _files(folder)
    looked = forget(["customer_id=C-1"], Project.at(folder), dry=True)
    assert _files(folder) == before
    done = forget(["customer_id=C-1"], Project.at(folder))
    assert [(trace.name, trace.found) for trace in looked.traces] == [
        (trace.name, trace.found) for trace in done.traces
    ]


def test_a_run_says_what_was_forgotten_and_its_tables_open_without(folder):
    project = Project.at(folder)
    forget(["customer_id=C-1"], project)
    record = project.record("last")
    assert any(note.startswith("big: 1 row forgotten on 2") for note in record.notes)
    run = pp.Run(record, project.objects)
    assert run["big"].outputs["big"].table()["customer_id"].to_list() == ["C-12"]


def test_what_was_redacted_is_not_reused(folder):
    project = Project.at(folder)
    forget(["customer_id=C-1"], project)
    assert project.earlier("shop", {})("big") is None


def test_two_persons_can_be_forgotten_one_after_the_other(folder):
    project = Project.at(folder)
    forget(["customer_id=C-1"], project)
    forget(["customer_id=C-12"], project)
    assert any(note.startswith("big: 2 rows forgotten") for note in project.record("last").notes)
    assert b"Ada" not in _kept(folder)


def test_the_proof_names_nobody_and_can_be_held_against_who_it_was(folder):
    project = Project.at(folder)
    done = forget(["customer_id=C-1"], project)
    document = json.loads(Path(done.proof).read_text())
    assert (document["complete"], document["left"], document["who"]) == (True, 0, done.who)
    assert forget(["customer_id=C-1"], project).who == done.who
    assert forget(["customer_id=C-12"], project, dry=True).who != done.who
    assert "C-1" not in Path(done.proof).read_text()


def test_columns_are_the_same_whose_names_have_the_same_words(folder):
    pl.DataFrame({"customerId": ["C-1", "C-2"]}).write_parquet(folder / "other.parquet")
    forget(["customer_id=C-1"], Project.at(folder), [folder / "other.parquet"])
    assert pl.read_parquet(folder / "other.parquet")["customerId"].to_list() == ["C-2"]


def test_the_value_in_another_column_is_a_hint_and_stays(folder):
    pl.DataFrame({"buyer": ["C-1", "C-2"]}).write_parquet(folder / "other.parquet")
    done = forget(["customer_id=C-1"], Project.at(folder), [folder / "other.parquet"])
    assert any("column 'buyer'" in hint for hint in done.hints)
    assert pl.read_parquet(folder / "other.parquet").height == 2


def test_a_value_inside_of_texts_and_nested_fields_is_told_as_left(folder):
    (folder / "a.csv").write_text('id,note\n2,"friend of C-1"\n')
    (folder / "c.jsonl").write_text('{"k":[{"to":"C-1"}]}\n{"k":[{"to":"C-12"}]}\n')
    done = forget(["customer_id=C-1"], Project.at(folder), [folder / "a.csv", folder / "c.jsonl"])
    assert (done.complete, done.left) == (False, 2)
    assert ["column 'note'" in done.hints[0], "column 'k.to'" in done.hints[1]] == [True, True]


def test_what_no_column_shows_is_found_in_the_bytes_of_a_table(folder):
    table = pl.DataFrame({"customer_id": ["C-2"]})
    table.write_parquet(folder / "other.parquet", metadata={"made_for": "C-1"})
    done = forget(["customer_id=C-1"], Project.at(folder), [folder / "other.parquet"])
    assert (done.complete, "the bytes of the file" in done.hints[0]) == (False, True)


def test_a_value_that_stands_everywhere_is_looked_for_in_columns_alone(folder):
    (folder / "good.db").write_bytes(b"\xff 1 \xff")
    (folder / "t.csv").write_text("n,text\n1,a\n2,1 of 2\n")
    done = forget(["n=1"], Project.at(folder), [folder / "good.db", folder / "t.csv"])
    assert (done.complete, (folder / "t.csv").read_text()) == (True, "n,text\n2,1 of 2\n")
    assert "too short to be looked for in texts" in done.notes[0]


def test_a_column_that_no_table_has_is_told(folder):
    with pytest.raises(UsageError, match="no table has a column 'nope'"):
        forget(["nope=1"], Project.at(folder), [folder / "data"])
    done = forget(["emial=zoe@firm.de"], Project.at(folder), [folder / "data"], dry=True)
    assert [note for note in done.notes if "no table has a column 'emial'" in note and "email" in note]


def test_of_several_keys_one_that_fits_is_enough(folder):
    done = forget(["customer_id=C-1", "email=ada@firm.de"], Project.at(folder), [folder / "data"])
    assert done.complete
    assert pl.read_csv(folder / "data" / "customers.csv").height == 0


def test_what_cannot_be_read_is_listed_and_the_rest_is_done(folder):
    (folder / "data" / "broken.parquet").write_bytes(b"PAR1 cut in the middle")
    done = forget(["customer_id=C-1"], Project.at(folder), [folder / "data"])
    assert not done.complete
    assert [line for line in done.unread if "broken.parquet" in line]
    assert "C-1," not in (folder / "data" / "customers.csv").read_text()


def test_a_model_that_holds_the_value_is_listed_and_one_without_is_said_to_be_opaque(folder):
    (folder / "data" / "with.bin").write_bytes(b"\x80\xff C-1 \xff")
    (folder / "data" / "without.bin").write_bytes(b"\x80\xff\xff")
    done = forget(["customer_id=C-1"], Project.at(folder), [folder / "data"])
    assert ["with.bin" in line for line in done.unread] == [True]
    assert ["without.bin" in line for line in done.opaque] == [True]


def test_events_of_runs_are_blotted_out(tmp_path):
    (tmp_path / "tell.py").write_text(
        'import pipeproof as pp\n@pp.step\ndef tell() -> dict:\n    return {"id": "C-1"}\n'
    )
    (tmp_path / "p.yaml").write_text(
        "workflow: {name: p, steps: [{name: tell, type: python, config: {function: 'tell:tell'}}]}"
    )
    assert pp.run(tmp_path / "p.yaml")
    done = forget(["customer_id=C-1"], Project.at(tmp_path))
    assert [(trace.place, trace.found) for trace in done.traces] == [("event", 1)]
    assert b"C-1" not in b"".join(path.read_bytes() for path in (tmp_path / ".pipeproof").glob("ledger.db*"))


@pytest.mark.parametrize("key", ["C-1", "customer_id=", "=C-1"])
def test_who_is_not_named_is_not_looked_for(tmp_path, key):
    with pytest.raises(UsageError, match="names nobody"):
        forget([key], Project.at(tmp_path))


def test_while_a_run_goes_on_nothing_is_removed(folder):
    run = next((folder / ".pipeproof" / "runs").iterdir())
    lock = RunLock(run)
    lock.acquire()
    try:
        with pytest.raises(UsageError, match=f"the run {run.name} is going on"):
            forget(["customer_id=C-1"], Project.at(folder))
    finally:
        lock.release()


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="there is no folder or file"):
        forget(["customer_id=C-1"], Project.at(tmp_path), [tmp_path / "nowhere"])


def test_what_a_run_keeps_is_its_owners_alone(folder):
    state = folder / ".pipeproof"
    for path in (state, *state.rglob("*")):
        if path.is_file() and path.name != ".gitignore":
            assert path.stat().st_mode & 0o077 == 0, path
    assert state.stat().st_mode & 0o777 == 0o700


def test_what_is_forgotten_goes_from_the_bucket_too_and_what_is_there_alone_is_listed(folder):
    (folder / "pipeproof.yaml").write_text(f"store: {{objects: 'file://{folder}/bucket'}}\n")
    (folder / "data" / "customers.csv").write_text(ROWS + "C-3,Eva Lang,eva@firm.de,9\n")
    assert pp.run(folder / "pipeline.yaml")
    assert forget(["customer_id=C-1"], Project.at(folder)).complete
    bucket = Project.at(folder).objects.bucket
    assert not any(
        pl.read_parquet(path)["customer_id"].is_in(["C-1"]).any()
        for path in (folder / "bucket").rglob("*")
        if path.is_file() and path.read_bytes()[:4] == b"PAR1"
    )
    (folder / "elsewhere").write_text("made on another machine")
    bucket.put(folder / "elsewhere", "0" * 64)
    done = forget(["customer_id=C-1"], Project.at(folder))
    assert done.unread == (f"file://{folder}/bucket: 1 objects that are not on this machine",)
