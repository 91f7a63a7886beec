"""run and plan: what is said, in which form, and the exit code."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import jsonschema
import pytest

from pipeproof.report.document import run_schema


def words(line):
    return " ".join(line.split())


def test_a_passed_run_says_its_steps_and_its_verdict(ran):
    _, passed, _ = ran
    lines = passed.out.splitlines()
    assert passed.code == 0
    assert re.fullmatch(r"shop · 2 steps · run r-\d{4}-\w{4}", lines[0])
    assert [words(line).split()[1] for line in lines[1:4]] == ["orders", "clean", "daily"]
    assert words(lines[2]).endswith("10 → 7 rows dropped 3")
    assert re.fullmatch(r"passed in .* · pipeproof show r-\d{4}-\w{4}", lines[4])
    assert passed.err == ""


def test_a_failed_run_leads_from_the_users_line_to_the_next_command(ran):
    _, _, failed = ran
    lines = failed.out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("✗ clean failed after"))
    assert failed.code == 1
    assert lines[at + 1].startswith("  scripts/clean.py:")
    assert 'ColumnNotFoundError: unable to find column "amonut"' in lines[at + 2]
    assert "fix    did you mean 'amount'?" in failed.out
    run = lines[0].rsplit(" ", 1)[1]
    commands = (f"replay {run} clean --debug", f"logs {run} clean", "help PPF313")
    assert f"  next   {' · '.join(f'pipeproof {command}' for command in commands)}" in lines
    assert "blocked: daily" in lines


TWO_SCRIPTS = """
sources: {raw: raw.csv}
workflow:
  name: two
  steps:
    - name: clean
      type: script
      config: {script: clean.py, inputs: {raw: raw}, outputs: {clean: flights}}
      contract: {inputs: {raw: {format: csv}}, outputs: {clean: {format: csv, columns: {wind_spd: integer}}}}
    - name: train
      type: script
      config: {script: train.py, inputs: {flights: flights}}
      contract: {inputs: {flights: {format: parquet}}}
"""


def test_the_cause_of_a_real_failure_is_the_step_that_renamed_the_column(tmp_path, monkeypatch, pipeproof):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.yaml").write_text(TWO_SCRIPTS)
    (tmp_path / "raw.csv").write_text("wind_speed,dep\n1,2\n")
    (tmp_path / "clean.py").write_text(
        "def main(inputs, outputs, environ, args):\n"
        "    text = open(inputs['raw']).read().replace('wind_speed', 'wind_spd')\n"
        "    open(outputs['clean'], 'w').write(text)\n"
    )
    (tmp_path / "train.py").write_text(
        "import polars as pl\n"
        "def main(inputs, outputs, environ, args):\n"
        "    pl.read_parquet(inputs['flights']).select('wind_speed')\n"
    )
    said = pipeproof("run", "two.yaml")
    assert said.code == 1
    assert "  train.py:3  pl.read_parquet(inputs['flights']).select('wind_speed')" in said.out.splitlines()
    assert "  cause  clean dropped the column wind_speed: it wrote wind_spd" in said.out
    assert "  fix    keep wind_speed in clean, or use wind_spd in train" in said.out.splitlines()


def test_the_json_of_a_run_keeps_its_schema(ran):
    folder, _, _ = ran
    document = json.loads((folder / "passed.json").read_text())
    jsonschema.validate(document, run_schema())
    assert document["status"] == "passed"
    assert document["steps"][1]["metrics"] == {"dropped": 3.0}


def test_nothing_is_left_beside_the_json(ran):
    assert not [path.name for path in ran[0].iterdir() if path.name.startswith(".passed")]


@pytest.mark.usefixtures("shop")
def test_format_json_prints_the_run_and_nothing_else(pipeproof):
    said = pipeproof("run", "--format", "json")
    jsonschema.validate(said.json, run_schema())
    assert said.err == ""


@pytest.mark.usefixtures("shop")
def test_quiet_says_only_the_verdict(pipeproof):
    assert len(pipeproof("run", "--quiet").out.splitlines()) == 1


@pytest.mark.parametrize("place", ["nowhere/run.json", "scripts"])
def test_a_json_file_that_cannot_be_written_is_an_error_before_the_run(shop, pipeproof, place):
    said = pipeproof("run", "--json", place)
    assert said.code == 2
    assert said.err.startswith(f"PPF523  {place} cannot be written: ")
    assert not (shop / ".pipeproof").exists()


@pytest.mark.usefixtures("shop")
def test_json_can_go_to_a_pipe(pipeproof, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)
    assert pipeproof("run", "--quiet", "--json", pipe).code == 0
    assert json.loads(reader.communicate(timeout=20)[0])["status"] == "passed"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["-p", "since"], "PPF133  -p since names no value; write -p since=VALUE"),
        (["-p", "=x"], "PPF133  -p =x names no value; write -p NAME=VALUE"),
        (
            ["-p", "since=2024-01-01", "-p", "since=2024-01-02"],
            "PPF133  -p since is given twice; give it once",
        ),
        (["-p", "sinec=2024-01-01"], "PPF133  shop has no parameter 'sinec'; did you mean 'since'?"),
        (
            ["--jobs", "0"],
            "PPF522  pipeproof run: --jobs takes a whole number from 1, not '0'; see `pipeproof run --help`",
        ),
        (
            ["--jobs", "two"],
            "PPF522  pipeproof run: --jobs takes a whole number from 1, not 'two'; see `pipeproof run --help`",
        ),
        (["--jobs"], "PPF522  pipeproof run: --jobs needs a value; see `pipeproof run --help`"),
        (["--jbos", "2"], "PPF522  pipeproof run has no option --jbos; did you mean '--jobs'?"),
        (["--only", "daly"], "PPF124  no step or group 'daly' in shop; did you mean 'daily'?"),
    ],
)
def test_what_is_typed_wrongly_is_said_and_nothing_is_run(shop, pipeproof, given, said):
    answer = pipeproof("run", "shop", *given)
    assert answer.code == 2
    assert said in answer.err.splitlines()
    assert answer.err.splitlines()[-1].endswith(f"nothing was run · pipeproof help {said[:6]}")
    assert not (shop / ".pipeproof" / "ledger.db").exists()


@pytest.mark.usefixtures("shop")
def test_log_level_takes_small_letters_and_refuses_others(pipeproof):
    assert pipeproof("run", "--quiet", "--log-level", "debug").code == 0
    assert "did you mean 'DEBUG'?" in pipeproof("run", "--log-level", "debgu").err


def test_a_pipeline_without_steps_does_not_pass(tmp_path, monkeypatch, pipeproof):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nothing_to_do.py").write_text("import pipeproof\npipeline = pipeproof.Pipeline('empty')\n")
    for command in ("check", "run", "plan"):
        said = pipeproof(command, "nothing_to_do.py:pipeline")
        assert said.code == 2
        assert "PPF104  empty has no steps" in said.err


def test_a_plan_says_order_place_flow_and_reason_and_runs_nothing(shop, pipeproof):
    said = pipeproof("plan", "-p", "since=2024-02-01")
    lines = [words(line) for line in said.out.splitlines()]
    assert said.code == 0
    assert lines[0] == "shop · 2 steps · since=2024-02-01"
    assert lines[1] == "1 orders source run thread data/orders.csv → orders"
    assert lines[2] == "2 clean script run fresh orders → clean_orders"
    assert lines[3] == "3 daily sql run thread clean_orders → daily_sales"
    assert lines[4].startswith("run: ")
    assert not (shop / ".pipeproof").exists()


@pytest.mark.usefixtures("past")
def test_a_plan_says_what_is_taken_from_an_earlier_run(pipeproof):
    lines = [words(line) for line in pipeproof("plan", "--only", "daily").out.splitlines()]
    assert any(line.startswith("1 clean script reuse") for line in lines)
    assert any("taken from r-" in line for line in lines)


def test_a_source_and_the_one_step_that_runs_each_have_their_reason(shop, pipeproof):
    assert pipeproof("run").code == 0
    with (shop / "data" / "orders.csv").open("a") as orders:
        orders.write("11,2024-03-01,C001,1.0\n")
    file = shop / "configs" / "workflows" / "shop.yaml"
    file.write_text(file.read_text().replace("ORDER BY day", "ORDER BY day DESC"))
    lines = [words(line) for line in pipeproof("plan").out.splitlines()]
    assert lines[1].endswith("file data/orders.csv changed")
    assert lines[3].startswith("3 daily sql run")
    assert "→ daily_sales config query_template: " in lines[3]
    assert not any(line.startswith("run:") for line in lines)


@pytest.mark.usefixtures("shop")
def test_a_plan_as_json_holds_the_decisions(pipeproof):
    tasks = pipeproof("plan", "--until", "clean", "--format", "json").json["tasks"]
    assert [(task["name"], task["decision"], task["isolation"]) for task in tasks] == [
        ("orders", "run", "thread"),
        ("clean", "run", "fresh"),
    ]


def test_a_reader_that_leaves_early_does_not_end_the_run(shop):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m pipeproof run | head -1; echo ${{PIPESTATUS[0]}}"],
        cwd=shop,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_marks_are_spelled_out_where_the_terminal_knows_only_ascii(shop, apart):
    said = apart("run", cwd=shop, PYTHONIOENCODING="ascii")
    assert said.code == 0
    assert "shop - 2 steps - run" in said.out
    assert "  + clean" in said.out
    assert "10 -> 7 rows" in said.out


def on_terminal(*words, cwd, **environment):
    """Run a command on a terminal and return its exit code and all that it drew."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeproof", *words],
        cwd=cwd,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "110", "NO_COLOR": "", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    with contextlib.suppress(OSError):  # Linux says EIO when the other side is closed
        while piece := os.read(ours, 65536):
            drawn += piece
    os.close(ours)
    return process.wait(), drawn.decode()


def slow_shop(shop):
    script = shop / "scripts" / "clean.py"
    script.write_text(
        script.read_text().replace("    orders =", "    import time; time.sleep(0.7)\n    orders =")
    )
    return shop


def test_a_person_at_a_terminal_sees_what_is_running(shop):
    code, drawn = on_terminal("run", cwd=slow_shop(shop))
    assert code == 0
    assert re.search(r"▸ clean +script +0\.[1-9] s", drawn)
    assert re.search(r"[01] of 2 done · \d\.\d s", drawn)
    assert "\x1b[32m✓\x1b[0m clean" in drawn
    assert drawn.count("✓\x1b[0m daily") == 1


def test_no_color_is_honoured_on_a_terminal(shop):
    code, drawn = on_terminal("run", cwd=shop, NO_COLOR="1")
    assert code == 0
    assert not re.search(r"\x1b\[[\d;]*m", drawn)


def test_a_dumb_terminal_gets_plain_lines(shop):
    _, drawn = on_terminal("run", cwd=shop, TERM="dumb")
    assert "\x1b" not in drawn


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_ends_with_130_and_a_complete_record(shop, apart, number):
    script = shop / "scripts" / "clean.py"
    script.write_text(
        "def main(input_paths, output_paths, environ_vars, job_args):\n    import time; time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeproof", "run"], cwd=shop, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while "orders" not in process.stdout.readline():
        pass
    time.sleep(0.7)  # until the script is under way
    process.send_signal(number)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted: clean" in rest
    assert "blocked: daily" in rest
    assert "interrupted" in apart("runs", cwd=shop).out


@pytest.mark.usefixtures("shop")
def test_an_error_after_a_run_does_not_say_that_nothing_was_run(pipeproof):
    said = pipeproof("run", "--quiet", "--json", "/dev/full")
    last = said.err.splitlines()[-1]
    name = pipeproof("runs", "--format", "json").json["runs"][0]["run"]
    assert said.code == 2
    assert f"{name} had begun: pipeproof show {name}" in last
    assert "nothing was run" not in said.err
