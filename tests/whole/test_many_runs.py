"""Many runs in one process: at once by threads and by asyncio they are as one after another, and they leave nothing."""

from __future__ import annotations

import asyncio
import gc
import re
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import pipeproof as pp

CODE = """
import polars as pl

def numbers(context, count):
    print("counting to", count)
    context.log_metric("count", count)
    return pl.DataFrame({"n": range(count)})

async def double(numbers, context):
    context.log_param("step of", context.parameters["count"])
    context.logger.info("doubling %d", numbers.height)
    return numbers.with_columns(n=pl.col("n") * 2)

def fail(double, count):
    if count == 5:
        raise ValueError(f"no {count}")
    return double["n"].sum()
"""
PIPELINE = """
workflow:
  name: many
  steps:
    - name: numbers
      type: python
      config: {function: "counting.py:numbers"}
    - name: double
      type: python
      isolation: thread
      config: {function: "counting.py:double", inputs: [numbers]}
    - name: total
      type: sql
      config: {query_template: "SELECT sum(n) AS n FROM double WHERE n < {count} * 2", output_name: totals}
    - name: fail
      type: python
      config: {function: "counting.py:fail", inputs: [double]}
parameters:
  count: {type: integer}
"""
COUNTS = (3, 4, 5, 6, 7)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    def make() -> Path:
        folder = tmp_path_factory.mktemp("many")
        (folder / "counting.py").write_text(CODE)
        (folder / "many.yaml").write_text(PIPELINE)
        return folder / "many.yaml"

    return make


def seen(run: pp.Run) -> dict[str, object]:
    """Return what a run came to, but for times and paths."""
    return {
        name: (
            step.status,
            {dataset: made.artifact.digest for dataset, made in step.outputs.items()},
            dict(step.metrics),
            dict(step.record.params),
            step.record.failure and step.record.failure.message,
            re.findall(r"(?:counting to|doubling) \d+", step.log),
        )
        for name, step in ((name, run[name]) for name in run.record.steps)
    }


def one(pipeline: Path, count: int) -> dict[str, object]:
    return seen(pp.run(pipeline, {"count": count}))


@pytest.fixture(scope="module")
def expected(project):
    pipeline = project()
    return [one(pipeline, count) for count in COUNTS]


@pytest.mark.slow
def test_five_runs_at_once_by_threads_are_as_one_after_another(project, expected):
    pipeline = project()
    together = threading.Barrier(len(COUNTS))

    def start(count: int) -> dict[str, object]:
        together.wait(20)
        return one(pipeline, count)

    with ThreadPoolExecutor(len(COUNTS)) as threads:
        assert list(threads.map(start, COUNTS)) == expected
    assert [step["fail"][0] for step in expected] == ["passed", "passed", "failed", "passed", "passed"]


@pytest.mark.slow
def test_five_runs_at_once_by_asyncio_are_as_one_after_another(project, expected):
    pipeline = project()

    async def all_at_once() -> list[dict[str, object]]:
        return await asyncio.gather(*(asyncio.to_thread(one, pipeline, count) for count in COUNTS))

    assert asyncio.run(all_at_once()) == expected


@pytest.mark.slow
def test_five_runs_at_once_share_an_executor(project, expected):
    pipeline = project()
    with ThreadPoolExecutor(3) as workers, ThreadPoolExecutor(len(COUNTS)) as threads:
        runs = threads.map(lambda count: pp.run(pipeline, {"count": count}, executor=workers), COUNTS)
        assert [seen(run) for run in runs] == expected


class Held:
    """Something that a function of a notebook holds."""


def pipeline_of(held: Held, folder: Path) -> pp.Pipeline:
    @pp.step
    def look():
        return type(held).__name__

    return pp.Pipeline("cell", steps=[look], root=str(folder))


def test_what_a_notebook_function_holds_goes_with_its_pipeline(tmp_path):
    held = Held()
    pipeline = pipeline_of(held, tmp_path)
    gc.collect()
    for _ in range(2):  # it is there for as long as its pipeline
        assert pp.run(pipeline)["look"].outputs["look"].value == "Held"
    gone = weakref.ref(held)
    del held, pipeline
    gc.collect()
    assert gone() is None


def test_runs_leave_no_threads_and_no_descriptors(project):
    pipeline = project()

    def open_things() -> tuple[int, int]:
        gc.collect()
        return threading.active_count(), sum(1 for _ in Path("/proc/self/fd").iterdir())

    pp.run(pipeline, {"count": 3})
    before = open_things()
    for count in range(4, 8):
        pp.run(pipeline, {"count": count})
    patience = threading.Event()
    for _ in range(100):  # threads of a pool go by themselves when they are told to
        if open_things() <= before:
            break
        patience.wait(0.05)
    threads, descriptors = open_things()
    assert threads <= before[0]
    assert descriptors <= before[1]
