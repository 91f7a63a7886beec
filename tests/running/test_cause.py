"""Who is to blame for a failed step, read from records made by hand."""

import pytest

from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Failure
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.running.cause import asked_for, find_cause

PANDAS = 'File "/env/lib/python3.11/site-packages/pandas/core/frame.py", line 1, in __getitem__'


def table(*columns, rows=3):
    return Artifact("table", "d", rows=rows, columns=tuple((name, "number") for name in columns))


def passed(name, outputs, reads=(), kind="script"):
    return StepRecord(name, kind, "passed", 1, outputs=outputs, reads=tuple(reads))


def failed(reads, failure, findings=()):
    return StepRecord(
        "train", "script", "failed", 1, reads=tuple(reads), failure=failure, findings=tuple(findings)
    )


def key_error(column, traceback=PANDAS):
    return Failure("exception", "PPF201", "KeyError", repr(column), traceback=traceback)


def run(*steps):
    return RunRecord("r", "p", "failed", {step.name: step for step in steps})


def cause_of(*steps):
    record = run(*steps)
    return find_cause(record["train"], record)


RAW = passed("raw", {"raw": table("wind_speed", "dep")}, kind="source")


def test_a_step_that_renamed_the_column_is_named_with_the_new_name():
    clean = passed("clean", {"flights": table("wind_spd", "dep")}, ["raw"])
    found = cause_of(RAW, clean, failed(["flights"], key_error("wind_speed")))
    assert found.code == "PPF312"
    assert found.what == "clean dropped the column wind_speed: it wrote wind_spd"
    assert found.fix == "keep wind_speed in clean, or use wind_spd in train"
    assert found.edge == ("clean", "train")


def test_a_step_that_dropped_the_column_is_named_without_a_guess():
    clean = passed("clean", {"flights": table("dep")}, ["raw"])
    found = cause_of(RAW, clean, failed(["flights"], key_error("wind_speed")))
    assert found.what == "clean read the column wind_speed and did not write it to flights"


def test_the_step_to_blame_is_found_several_steps_upstream():
    clean = passed("clean", {"flights": table("dep")}, ["raw"])
    more = passed("features", {"features": table("dep", "hour")}, ["flights"])
    found = cause_of(RAW, clean, more, failed(["features"], key_error("wind_speed")))
    assert found.step == "clean"


def test_a_column_that_never_existed_is_said_so_with_what_was_probably_meant():
    found = cause_of(RAW, failed(["raw"], key_error("wind_sped")))
    assert found.code == "PPF313"
    assert found.what == "no column wind_sped in raw, nor in anything upstream"
    assert found.fix == "did you mean 'wind_speed'?"


def test_a_key_error_of_a_dict_is_not_blamed_on_a_table():
    assert cause_of(RAW, failed(["raw"], key_error("wind_sped", traceback="in main"))) is None


def test_nothing_is_said_when_an_input_has_the_column():
    other = passed("other", {"other": table("dep")}, ["raw"])
    assert cause_of(RAW, other, failed(["raw", "other"], key_error("wind_speed"))) is None


def test_nothing_is_said_of_an_error_that_names_no_column():
    failure = Failure("exception", "PPF201", "ZeroDivisionError", "division by zero", traceback=PANDAS)
    assert cause_of(RAW, failed(["raw"], failure)) is None


def test_nothing_is_said_when_the_step_reads_no_table():
    model = passed("model", {"model": Artifact("file", "d")})
    assert cause_of(model, failed(["model"], key_error("wind_speed"))) is None


def test_nothing_is_said_of_a_step_that_did_not_fail():
    step = StepRecord("train", "script", "blocked")
    assert find_cause(step, run(step)) is None


def contract_failure(code, column, what):
    failure = Failure("contract", code, "ContractError", what)
    return failure, Finding(code, what, step="train", column=column, edge=("flights", "train"))


def test_a_missing_column_that_a_reader_refuses_is_blamed_on_the_step_that_dropped_it():
    failure, finding = contract_failure("PPF301", "wind_speed", "column 'wind_speed' is missing")
    clean = passed("clean", {"flights": table("wind_spd")}, ["raw"])
    found = cause_of(RAW, clean, failed(["flights"], failure, [finding]))
    assert (found.code, found.step) == ("PPF312", "clean")


def test_rows_that_a_reader_refuses_are_blamed_on_their_writer():
    failure, finding = contract_failure("PPF303", "speed", "column 'speed' breaks 'min 0'")
    clean = passed("clean", {"flights": table("speed")}, ["raw"])
    found = cause_of(RAW, clean, failed(["flights"], failure, [finding]))
    assert (found.code, found.step) == ("PPF314", "clean")
    assert found.what == "clean wrote flights so, and its own contract allows it"
    assert found.fix == "mend clean, and promise the same rule for speed in its contract"


def test_rows_that_pass_unchanged_through_a_step_are_blamed_on_the_source():
    failure, finding = contract_failure("PPF303", "dep", "column 'dep' breaks 'min 0'")
    same = passed("clean", {"flights": table("dep", "hour")}, ["raw"])
    found = cause_of(RAW, same, failed(["flights"], failure, [finding]))
    assert (found.code, found.step) == ("PPF314", "raw")
    assert found.what == "the source raw holds it so, and nothing upstream changes it"


def test_what_a_step_itself_wrote_wrongly_has_no_cause_upstream():
    failure = Failure("contract", "PPF303", "ContractError", "column 'x' breaks 'min 0'")
    finding = Finding("PPF303", "bad", step="train", column="x", edge=("train", "model"))
    assert cause_of(RAW, failed(["raw"], failure, [finding])) is None


@pytest.mark.parametrize(
    ("kind", "message", "columns"),
    [
        ("KeyError", "'ws'", ("ws",)),
        ("KeyError", "\"['ws', 'b'] not in index\"", ("ws", "b")),
        ("KeyError", "\"['ws'] not found in axis\"", ("ws",)),
        ("KeyError", "\"None of [Index(['ws', 'b'], dtype='str')] are in the [columns]\"", ("ws", "b")),
        ("KeyError", "['ws']", ("ws",)),
        ("ColumnNotFoundError", 'unable to find column "ws"; valid columns: ["a"]', ("ws",)),
        ("ColumnNotFoundError", '"ws" not found', ("ws",)),
        ("BinderException", 'Binder Error: Referenced column "ws" not found in FROM clause!', ("ws",)),
        ("BinderException", 'Binder Error: Table "t" does not have a column named "ws"', ("ws",)),
        ("AttributeError", "'DataFrame' object has no attribute 'ws'", ("ws",)),
        ("AttributeError", "'NoneType' object has no attribute 'ws'", ()),
        ("ValueError", "Usecols do not match columns, columns expected but not found: ['ws']", ("ws",)),
        ("KeyError", "3", ()),
        ("RuntimeError", "'ws'", ()),
    ],
)
def test_the_columns_are_read_out_of_the_messages_of_the_libraries(kind, message, columns):
    assert asked_for(Failure("exception", "PPF201", kind, message)) == columns


def test_the_messages_of_the_installed_libraries_are_understood():
    import duckdb
    import pandas as pd
    import polars as pl

    frame, wanted = {"a": [1]}, "wind_speed"
    for ask in (
        lambda: pd.DataFrame(frame)[wanted],
        lambda: pd.DataFrame(frame)[[wanted]],
        lambda: pd.DataFrame(frame)[[wanted, "a"]],
        lambda: pd.DataFrame(frame).drop(columns=[wanted]),
        lambda: getattr(pd.DataFrame(frame), wanted),
        lambda: pl.DataFrame(frame).select(wanted),
        lambda: pl.DataFrame(frame).lazy().select(pl.col(wanted)).collect(),
        lambda: pl.DataFrame(frame)[wanted],
        lambda: duckdb.sql("SELECT wind_speed FROM (SELECT 1 AS a)"),
        lambda: duckdb.sql("SELECT t.wind_speed FROM (SELECT 1 AS a) t"),
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011 the libraries' own, all different
            ask()
        failure = Failure("exception", "PPF201", type(caught.value).__name__, str(caught.value))
        assert asked_for(failure) == (wanted,), str(caught.value)
