"""A pipeline has the same record wherever its steps run, in each isolation."""

from __future__ import annotations

import json

import pytest

import pipeproof as pp
from pipeproof.model.codec import to_plain

STEPS = """
import polars as pl

def make(context, rows):
    print("making", rows, "rows")
    context.log_metric("rows", rows)
    context.log_param("shape", "long")
    return pl.DataFrame({"n": range(rows), "half": [n / 2 for n in range(rows)]})

def flaky(context, evens):
    if context.attempt == 1:
        raise ConnectionError("the line is bad")
    return evens.height

def greedy():
    return len(bytearray(600_000_000))

def shared(evens):
    return evens.with_columns(n=pl.when(pl.col("n") > 90).then(None).otherwise(pl.col("n")))

def wrong(evens):
    return evens["m"].sum()

def left(context):
    return context.step
"""
SLOW = """
import time

def slow():
    for _ in range(1000):
        time.sleep(0.05)
"""
SCRIPT = """
import polars as pl

def main(input_paths, output_paths, environ_vars, job_args):
    print("cleaning with", environ_vars["MODE"])
    frame = pl.read_csv(input_paths["made"])
    frame.filter(pl.col("n") % int(job_args.step) == 0).write_csv(output_paths["evens"])
"""
PIPELINE = """
workflow:
  name: everything
  steps:
    - name: make
      type: python
      isolation: ISOLATION
      config: {function: "steps.py:make", output_name: made}
    - name: clean
      type: script
      env: {MODE: "care and ${secret:POOLS_TEST_PASSWORD}"}
      config: {script: clean.py, inputs: {made: made}, outputs: {evens: evens}, arguments: {step: "2"}}
      contract:
        inputs: {made: {format: csv, path: made.csv}}
        outputs: {evens: {format: csv, path: evens.csv}}
    - name: count
      type: sql
      config:
        query_template: SELECT count(*) AS n, avg(half) AS mean FROM evens WHERE n < {rows}
        output_name: counted
    - name: flaky
      type: python
      isolation: ISOLATION
      retry_count: 2
      retry_delay: 0.01
      config: {function: "steps.py:flaky", inputs: [evens]}
    - name: slow
      type: python
      isolation: ISOLATION
      timeout: 0.4
      config: {function: "slow.py:slow"}
    - name: greedy
      type: python
      resources: {memory: 50MB}
      config: {function: "steps.py:greedy"}
    - name: shared
      type: python
      isolation: ISOLATION
      config: {function: "steps.py:shared", inputs: [evens]}
      contract:
        enforce: quarantine
        outputs: {shared: {columns: {n: {type: integer}, half: number}}}
    - name: wrong
      type: python
      isolation: ISOLATION
      config: {function: "steps.py:wrong", inputs: [evens]}
    - name: left
      type: python
      depends_on: [wrong]
      config: {function: "steps.py:left"}
parameters:
  rows: {type: integer, default: 100}
"""
SECRET = "hunter2-and-more"
STATUSES = {
    "make": "passed",
    "clean": "passed",
    "count": "passed",
    "flaky": "passed",
    "slow": "failed",
    "greedy": "failed",
    "shared": "passed",
    "wrong": "failed",
    "left": "blocked",
}
FAILURES = {"slow": "timeout", "greedy": "memory", "wrong": "exception"}


@pytest.fixture(scope="module")
def run_on(executors, write):
    """Run the pipeline in a project of its own, once for each executor and isolation."""
    done = {}

    def run(name, isolation):
        if (name, isolation) not in done:
            pipeline = PIPELINE.replace("ISOLATION", isolation)
            folder = write({"steps.py": STEPS, "clean.py": SCRIPT, "slow.py": SLOW, "p.yaml": pipeline})
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("POOLS_TEST_PASSWORD", SECRET)
                done[name, isolation] = pp.run(folder / "p.yaml", keep_going=True, executor=executors[name])
        return done[name, isolation]

    return run


def without_times_and_paths(run):
    """Return the steps of a record as plain data, without what differs from one run to the next anywhere."""
    folder = str(run.objects.root.parent.parent)
    told = json.dumps(to_plain(run.record.steps)).replace(folder, "PROJECT").replace(run.name, "RUN")
    steps = json.loads(told)
    for step in steps.values():
        # The keys are salted by project; what is seen of a step in a thread is what its process had not imported yet.
        for name in ("measures", "started_at", "key", "static", "seen"):
            step.pop(name, None)
        step.get("failure", {}).pop("traceback", None)
    return steps


WHERE = ["threads", "processes", pytest.param("dask", marks=pytest.mark.slow)]
ISOLATIONS = ["thread", "worker", "fresh"]


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("name", ["here", *WHERE])
def test_each_step_ends_as_it_should(run_on, name, isolation):
    steps = run_on(name, isolation).record.steps
    assert {step: record.status for step, record in steps.items()} == STATUSES
    assert {step: record.failure.kind for step, record in steps.items() if record.failure} == FAILURES


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("name", WHERE)
def test_the_record_is_equal_to_that_of_a_run_in_this_process(run_on, name, isolation):
    assert without_times_and_paths(run_on(name, isolation)) == without_times_and_paths(
        run_on("here", isolation)
    )


@pytest.mark.parametrize("name", ["here", *WHERE])
def test_what_code_prints_in_a_worker_is_in_its_log_without_secrets(run_on, name):
    assert run_on(name, "worker")["clean"].log == "cleaning with care and ***\n"


@pytest.mark.parametrize("name", WHERE)
def test_a_run_says_which_executor_it_was_given(run_on, executors, name):
    assert run_on(name, "worker").record.about["executor"] == type(executors[name]).__name__
