"""The files step, run as part of a pipeline: copy to targets, list, wait."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gzip
import hashlib
import json
import os
import threading
import time

import polars as pl
import pytest

import pipeproof as pp
from pipeproof.errors import ConfigError

ROWS = pl.DataFrame(
    {"id": [1, 2, 3], "town": ["ulm", None, "köln"], "day": [dt.date(2024, 5, n) for n in (1, 2, 3)]}
)
PUBLISH = "{operation: copy, input_name: rows, to: published}"


def pipeline(folder, config, target="out/rows.csv", *, source="rows.parquet", steps="", top="", last=""):
    if not (folder / "rows.parquet").exists():
        ROWS.write_parquet(folder / "rows.parquet")
    path = folder / "flow.yaml"
    path.write_text(
        f"{top}sources:\n  rows: {source}\ntargets:\n  published: {target}\n"
        f"workflow:\n  name: flow\n  steps:\n{steps}"
        f"    - name: publish\n      type: files\n      retry_count: 0\n      config: {config}\n{last}"
    )
    return path


def passed(folder, config, target="out/rows.csv", parameters=None, **more):
    run = pp.run(pipeline(folder, config, target, **more), parameters)
    assert run, [step.failure for step in run.record.steps.values()]
    return run["publish"]


def failure(folder, config, target="out/rows.csv", parameters=None, **more):
    run = pp.run(pipeline(folder, config, target, **more), parameters)
    assert not run
    return run.record.steps["publish"].failure


def problems(folder, config, target="out/rows.csv", **more):
    with pytest.raises(ConfigError) as caught:
        pp.load(pipeline(folder, config, target, **more))
    return str(caught.value)


READ = {
    "csv": lambda path: pl.read_csv(path, try_parse_dates=True),
    "tsv": lambda path: pl.read_csv(path, separator="\t", try_parse_dates=True),
    "parquet": pl.read_parquet,
    "arrow": pl.read_ipc,
    "jsonl": lambda path: pl.read_ndjson(path).with_columns(pl.col("day").str.to_date()),
    "csv.gz": lambda path: pl.read_csv(gzip.decompress(path.read_bytes()), try_parse_dates=True),
}


@pytest.mark.parametrize("ending", READ)
def test_a_table_is_written_in_the_format_of_the_targets_ending(ending, tmp_path):
    passed(tmp_path, PUBLISH, f"out/rows.{ending}")
    assert READ[ending](tmp_path / "out" / f"rows.{ending}").equals(ROWS)


def test_what_went_out_is_kept_with_its_checksum(tmp_path):
    step = passed(tmp_path, PUBLISH)
    content = (tmp_path / "out" / "rows.csv").read_bytes()
    assert step.record.params["sha256"] == hashlib.sha256(content).hexdigest()
    assert step.record.params["bytes"] == len(content)
    artifact = step.outputs["publish"].artifact
    assert (artifact.kind, artifact.name, artifact.size) == ("file", "rows.csv", len(content))
    assert step.outputs["publish"].save(tmp_path / "again").read_bytes() == content


def test_an_ending_that_is_no_format_of_a_table_is_refused(tmp_path):
    said = failure(tmp_path, PUBLISH, "out/rows.xlsx")
    assert said.code == "PPF208"
    assert "csv, tsv, parquet" in said.fix
    assert not (tmp_path / "out").exists()


def test_a_table_goes_into_a_folder_under_its_name(tmp_path):
    passed(tmp_path, PUBLISH, "out/")
    assert pl.read_parquet(tmp_path / "out" / "rows.parquet").equals(ROWS)


def test_a_file_is_copied_as_it_is(tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    passed(tmp_path, PUBLISH, "out/copy.txt", source="note.txt")
    assert (tmp_path / "out" / "copy.txt").read_text() == "hello"


def test_a_folder_is_copied_whole_and_nothing_beside_it_is_touched(tmp_path):
    for name in ("a.txt", "deep/b.txt"):
        (tmp_path / "tree" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "tree" / name).write_text(name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "other.txt").write_text("mine")
    passed(tmp_path, PUBLISH, "out", source="tree")
    there = {
        str(path.relative_to(tmp_path / "out")): path.read_text()
        for path in (tmp_path / "out").rglob("*.txt")
    }
    assert there == {"a.txt": "a.txt", "deep/b.txt": "deep/b.txt", "other.txt": "mine"}


def test_a_value_is_written_as_json(tmp_path):
    (tmp_path / "make.py").write_text("def make():\n    return {'auc': 0.75}\n")
    steps = "    - {name: made, type: python, config: {function: 'make.py:make'}}\n"
    passed(tmp_path, "{input_name: made, to: published}", "out/made.json", steps=steps)
    assert json.loads((tmp_path / "out" / "made.json").read_text()) == {"auc": 0.75}


def test_files_that_match_a_pattern_keep_their_folders(tmp_path):
    for name in ("data/a.csv", "data/x/b.csv", "data/x/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    step = passed(tmp_path, "{path: 'data/**/*.csv', to: published}", "out/")
    assert sorted(str(p.relative_to(tmp_path)) for p in (tmp_path / "out").rglob("*.*")) == [
        "out/a.csv",
        "out/x/b.csv",
    ]
    assert [item["bytes"] for item in step.outputs["publish"].value] == [10, 12]


def test_a_pattern_that_matches_nothing_is_a_failure(tmp_path):
    assert "stands for no file" in failure(tmp_path, "{path: 'data/*.csv', to: published}").message


def test_a_script_stays_executable(tmp_path):
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o755)
    passed(tmp_path, "{path: run.sh, to: published}", "out/run.sh")
    assert os.access(tmp_path / "out" / "run.sh", os.X_OK)


def test_parameters_are_filled_in_everywhere_a_path_stands(tmp_path):
    (tmp_path / "in-2024-05-01.txt").write_text("x")
    top = "parameters: {partition_date: {type: date}}\n"
    parameters = {"partition_date": "2024-05-01"}
    passed(
        tmp_path,
        "{path: 'in-{partition_date}.txt', to: published}",
        "'out/{partition_date}.txt'",
        parameters,
        top=top,
    )
    assert (tmp_path / "out" / "2024-05-01.txt").read_text() == "x"
    passed(tmp_path, "{input_name: rows, to: 'daily/{partition_date}.csv'}", parameters=parameters, top=top)
    assert (tmp_path / "daily" / "2024-05-01.csv").exists()


def test_a_parameter_cannot_lead_a_target_out_of_its_folder(tmp_path):
    top = "parameters: {day: }\n"
    with pytest.raises(ConfigError, match=r"PPF127 .*leads its path out of the folder"):
        pp.run(pipeline(tmp_path, PUBLISH, "'out/{day}.csv'", top=top), {"day": "../../x"})


def test_a_parameter_cannot_lead_a_path_out_of_the_project(tmp_path):
    top = "parameters: {day: }\n"
    said = failure(tmp_path, "{input_name: rows, to: 'out/{day}.csv'}", "x", {"day": "../../x"}, top=top)
    assert said.code == "PPF127"


def test_a_path_outside_of_the_project_has_to_be_a_target(tmp_path):
    (tmp_path / "project").mkdir()
    assert "PPF127" in problems(tmp_path / "project", "{input_name: rows, to: ../elsewhere/rows.csv}")
    passed(tmp_path / "project", PUBLISH, str(tmp_path / "elsewhere" / "rows.csv"))
    assert (tmp_path / "elsewhere" / "rows.csv").exists()


def test_a_file_takes_the_place_of_another_unless_the_step_forbids_it(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "rows.csv").write_text("old")
    said = failure(tmp_path, "{input_name: rows, to: published, overwrite: false}")
    assert (said.code, said.permanent) == ("PPF212", True)
    assert (tmp_path / "out" / "rows.csv").read_text() == "old"
    passed(tmp_path, PUBLISH)
    assert (tmp_path / "out" / "rows.csv").read_text() != "old"


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    passed(tmp_path, PUBLISH, "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("id,town,day")


CONTRACT = "{path: out/rows.csv, contract: {columns: {town: string}}}"


def test_a_table_that_breaks_the_targets_contract_is_not_written(tmp_path):
    said = failure(tmp_path, PUBLISH, CONTRACT)
    assert said.kind == "contract"
    assert "target 'published': column 'town' breaks" in said.message
    assert "row 2: missing" in said.message
    assert not (tmp_path / "out").exists()


def test_a_file_from_outside_is_held_against_the_targets_contract_too(tmp_path):
    (tmp_path / "in.csv").write_text("id,town\n1,\n")
    said = failure(tmp_path, "{path: in.csv, to: published}", CONTRACT)
    assert said.code == "PPF303"
    assert not (tmp_path / "out").exists()


def test_values_of_a_wrong_type_break_the_targets_contract(tmp_path):
    (tmp_path / "in.csv").write_text("id\n1\nx\n")
    target = "{path: out/rows.csv, contract: {columns: {id: integer}}}"
    assert failure(tmp_path, "{path: in.csv, to: published}", target).kind == "contract"
    assert not (tmp_path / "out").exists()


def test_a_table_that_keeps_the_contract_is_written(tmp_path):
    passed(
        tmp_path,
        PUBLISH,
        "{path: out/rows.csv, contract: {columns: {id: integer, town: string?, day: date}}}",
    )
    assert (tmp_path / "out" / "rows.csv").exists()


def test_a_redirected_target_takes_all_that_the_step_writes(tmp_path):
    path = pipeline(tmp_path, PUBLISH)
    examined = pp.load(path)
    target = examined.pipeline.targets["published"]
    scratch = dataclasses.replace(target, path=str(tmp_path / "scratch" / "rows.csv"))
    moved = dataclasses.replace(examined.pipeline, targets={"published": scratch})
    assert pp.run(moved)
    assert (tmp_path / "scratch" / "rows.csv").exists()
    assert not (tmp_path / "out").exists()


def test_a_copy_has_effects_outside_and_the_others_have_none(tmp_path):
    steps = (
        "    - {name: seen, type: files, config: {operation: list, path: '*.parquet'}}\n"
        "    - {name: late, type: files, timeout: 9, config: {operation: wait, path: rows.parquet}}\n"
    )
    found = pp.load(pipeline(tmp_path, PUBLISH, steps=steps)).pipeline
    assert {step.name: step.effects for step in found.steps} == {
        "publish": "external",
        "seen": "none",
        "late": "none",
    }


def test_a_list_is_a_table_of_path_size_and_time(tmp_path):
    for name, size in (("b.txt", 2), ("a.txt", 5), ("deep/c.txt", 1)):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text("x" * size)
        os.utime(tmp_path / "data" / name, (1_700_000_000, 1_700_000_000))
    got = passed(tmp_path, "{operation: list, path: 'data/**/*.txt'}").outputs["publish"].table()
    assert got.select("path", "size").rows() == [("data/a.txt", 5), ("data/b.txt", 2), ("data/deep/c.txt", 1)]
    assert got["modified"].to_list() == [dt.datetime.fromisoformat("2023-11-14 22:13:20")] * 3
    in_folder = passed(tmp_path, "{operation: list, path: data}").outputs["publish"].table()
    assert in_folder["path"].to_list() == ["data/a.txt", "data/b.txt"]


def test_a_list_of_nothing_is_an_empty_table(tmp_path):
    got = passed(tmp_path, "{operation: list, path: '*.nothing'}").outputs["publish"].table()
    assert dict(got.schema) == {"path": pl.String, "size": pl.Int64, "modified": pl.Datetime("us")}
    assert got.height == 0


def test_a_list_of_a_folder_that_is_not_there_is_a_failure(tmp_path):
    assert failure(tmp_path, "{operation: list, path: nowhere}").code == "PPF143"


def wait_config(path, interval=0.05):
    return f"{{operation: wait, path: {path}, interval: {interval}, output_name: late}}"


def test_a_file_that_comes_later_is_waited_for(tmp_path):
    writer = threading.Timer(0.3, lambda: (tmp_path / "late.txt").write_text("here"))
    writer.start()
    step = passed(tmp_path, wait_config("late.txt"), last="      timeout: 30\n")
    writer.join()
    assert step.outputs["late"].artifact.name == "late.txt"
    assert step.outputs["late"].save(tmp_path / "copy").read_text() == "here"


def test_a_file_that_still_grows_is_waited_for(tmp_path):
    def write():
        with (tmp_path / "late.txt").open("w") as file:
            for _ in range(8):
                file.write("x")
                file.flush()
                time.sleep(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    step = passed(tmp_path, wait_config("late.txt", 0.35), last="      timeout: 30\n")
    writer.join()
    assert step.outputs["late"].artifact.size == 8


def test_waiting_ends_with_the_steps_timeout(tmp_path):
    said = failure(tmp_path, wait_config("never.txt"), last="      timeout: 0.3\n")
    assert (said.code, said.kind) == ("PPF202", "timeout")


def test_what_was_waited_for_is_a_table_when_its_contract_says_so(tmp_path):
    (tmp_path / "late.csv").write_text("id\n7\n")
    last = "      timeout: 30\n      contract: {columns: {id: integer}}\n"
    assert passed(tmp_path, wait_config("late.csv"), last=last).outputs["late"].table().rows() == [(7,)]


def test_waiting_without_an_end_is_warned_of(tmp_path):
    found = pp.load(pipeline(tmp_path, wait_config("rows.parquet"))).findings
    assert [(item.code, item.severity) for item in found if item.code == "PPF128"] == [("PPF128", "warning")]


@pytest.mark.parametrize(
    ("config", "code", "says"),
    [
        (
            "{input_name: rows, to: publishd}",
            "PPF126",
            "there is no target 'publishd'; did you mean 'published'?",
        ),
        ("{input_name: rows}", "PPF104", "copy needs the key 'to'"),
        ("{to: published}", "PPF104", "copy needs either `input_name`"),
        ("{input_name: rows, path: x.csv, to: published}", "PPF104", "copy needs either `input_name`"),
        ("{operation: list}", "PPF104", "list needs the key 'path'"),
        ("{operation: wait, path: x, to: published}", "PPF105", "to means nothing for wait"),
        ("{operation: wait, path: x, interval: 0}", "PPF105", "interval must be above 0"),
        ("{operation: move, path: x}", "PPF105", "one of the choices is needed"),
        ("{path: nothing.csv, to: published}", "PPF143", "there is no file nothing.csv"),
        ("{input_name: rows, to: 's3://bucket/x.csv'}", "PPF129", "it will come as pipeproof[s3]"),
        ("{operation: list, path: 'sftp://host/x'}", "PPF129", "cannot use sftp://"),
    ],
)
def test_what_cannot_work_is_found_before_the_run(config, code, says, tmp_path):
    said = problems(tmp_path, config)
    assert code in said
    assert says in said


def test_a_target_that_is_not_local_is_found_before_the_run(tmp_path):
    assert "PPF129  step 'publish': target 'published': gs://b/x.csv" in problems(
        tmp_path, PUBLISH, "'gs://b/x.csv'"
    )


def test_a_placeholder_of_a_target_that_is_no_parameter_is_found_before_the_run(tmp_path):
    assert "uses the placeholder {dya}" in problems(
        tmp_path, PUBLISH, "'out/{dya}.csv'", top="parameters: {day: 1}\n"
    )


def test_an_address_of_a_local_file_is_a_path(tmp_path):
    passed(tmp_path, PUBLISH, f"file://{tmp_path}/out/rows.csv")
    assert (tmp_path / "out" / "rows.csv").exists()


@pytest.mark.parametrize(("enforce", "warned"), [("warn", True), ("off", False)])
@pytest.mark.parametrize("source", ["rows.parquet", "{path: rows.parquet, format: file}"])
def test_a_target_that_does_not_fail_is_written_and_its_log_says_what_is_broken(
    source, enforce, warned, tmp_path
):
    target = f"{{path: out/rows.parquet, contract: {{columns: {{town: string}}, enforce: {enforce}}}}}"
    passed(tmp_path, PUBLISH, target, source=source)
    assert pl.read_parquet(tmp_path / "out" / "rows.parquet").equals(ROWS)
    (log,) = (tmp_path / ".pipeproof" / "runs").glob("*/logs/publish.1.log")
    assert ("WARNING target 'published'" in log.read_text()) == warned
    assert "nothing was written" not in log.read_text()
