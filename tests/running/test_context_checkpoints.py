"""Loops that are broken off anywhere and gone on with: the state, and what was logged, are as if nothing had happened."""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.errors import ContractError
from pipeproof.running.context import StepContext


class StoppedError(Exception):
    """The attempt ends here."""


def context_in(folder: Path, attempt: int = 1) -> StepContext:
    kept = folder / "kept"
    kept.mkdir(exist_ok=True)

    def answer(question: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"checkpoints": {"folder": str(kept)}, "changed": {"changed": []}}[question["ask"]]

    return StepContext({"step": "s", "attempt": attempt, "scratch": str(folder / "scratch")}, answer)


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[Callable[[], StepContext]]:
    number = itertools.count(1)
    return lambda: context_in(tmp_path, next(number))


def values_of(context: StepContext) -> list[tuple[str, float, int | None]]:
    return [(metric["name"], metric["value"], metric.get("step")) for metric in context.metrics]


def nested(context: StepContext, stop_at: int, *, saves: tuple[bool, bool]) -> list[int]:
    """Work through two loops in each other that carry a list, and stop before operation `stop_at`."""
    count = itertools.count()

    def tick() -> None:
        if next(count) == stop_at:
            raise StoppedError

    state: list[int] = context.load_checkpoint("state", [])
    for outer in context.iterate(range(3), name="outer"):
        tick()
        for inner in context.iterate(range(2), name="inner"):
            state = [*context.load_checkpoint("state", []), 10 * outer + inner]
            tick()
            context.log_metric("inner", state[-1])
            context.save_checkpoint("state", state)
            tick()
        if saves[0]:
            context.save_checkpoint("outer", outer)
        context.log_metric("outer", outer)
        tick()
    if saves[1]:
        context.save_checkpoint("end", len(state))
    tick()
    return state


@settings(max_examples=20, deadline=None)
@given(
    stops=st.lists(st.integers(0, 20), max_size=4),
    saves=st.tuples(st.booleans(), st.booleans()),
)
def test_a_work_that_is_broken_off_anywhere_and_gone_on_with_ends_as_if_it_had_not_been(stops, saves):
    with tempfile.TemporaryDirectory() as plain, tempfile.TemporaryDirectory() as broken:
        whole = context_in(Path(plain))
        expected = nested(whole, -1, saves=saves)
        for number, stop_at in enumerate(stops, 1):
            try:
                nested(context_in(Path(broken), number), stop_at, saves=saves)
            except StoppedError:
                continue
        last = context_in(Path(broken), 9)
        assert nested(last, -1, saves=saves) == expected
        assert sorted(values_of(last)) == sorted(values_of(whole))


def test_an_iteration_that_saved_nothing_is_done_again(attempt):
    first = attempt()
    for number in first.iterate(range(5)):
        if number == 1:
            first.save_checkpoint("n", number)
    second = attempt()
    assert list(second.iterate(range(5))) == [2, 3, 4]


def test_what_an_unfinished_iteration_saved_does_not_count(attempt):
    first = attempt()
    for number in first.iterate(range(5)):
        first.save_checkpoint("n", number)
        if number == 2:
            assert first.load_checkpoint("n") == 2  # to this attempt it does
            assert attempt().load_checkpoint("n") == 1
            break
    assert attempt().load_checkpoint("n") == 1


def test_a_loop_that_was_left_by_break_is_over_for_the_next_attempt_once_something_is_saved_behind_it(
    attempt,
):
    first = attempt()
    for number in first.iterate(range(9)):
        first.log_metric("n", number)
        first.save_checkpoint("n", number)
        if number == 3:
            break
    first.save_checkpoint("behind", 1)
    second = attempt()
    assert (list(second.iterate(range(9))), second.load_checkpoint("n")) == ([], 3)
    assert values_of(second) == values_of(first)


def test_a_loop_that_saved_nothing_runs_anew_whatever_is_saved_behind_it(attempt):
    first = attempt()
    list(first.iterate(range(3), name="sums"))
    first.save_checkpoint("behind", 1)
    assert list(attempt().iterate(range(3), name="sums")) == [0, 1, 2]


def test_the_number_of_an_iteration_counts_from_one_and_is_the_step_of_its_metrics(attempt):
    context = attempt()
    assert context.iteration is None
    for _ in context.iterate("ab"):
        context.log_metric("loss", context.iteration)
        context.log_metric("other", 0, step=7)
    assert values_of(context) == [("loss", 1, 1), ("other", 0, 7), ("loss", 2, 2), ("other", 0, 7)]
    assert context.iteration is None


def test_an_attempt_that_goes_on_says_so(attempt):
    first = attempt()
    for number in itertools.islice(first.iterate(range(9), name="epochs"), 5):
        first.save_checkpoint("n", number)
    second = attempt()
    next(second.iterate(range(9), name="epochs"))
    assert second.notes == ["epochs: went on after iteration 4, which an earlier attempt had saved"]


def test_two_loops_of_the_same_name_are_refused(attempt):
    context = attempt()
    list(context.iterate([1]))
    with pytest.raises(ContractError, match="PPF264"):
        list(context.iterate([1]))


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, 2.5, "x", None, True]},
        b"\x00\xff",
        np.arange(6.0).reshape(2, 3),
        pl.DataFrame({"a": [1, None], "b": ["x", "y"]}),
        float("inf"),
    ],
    ids=["none", "json", "bytes", "array", "table", "infinity"],
)
def test_a_value_comes_back_in_the_next_attempt_as_it_was_saved(attempt, value):
    attempt().save_checkpoint("any / name", value)
    found = attempt().load_checkpoint("any / name")
    assert type(found) is type(value)
    if isinstance(value, pl.DataFrame):
        assert found.equals(value)
    else:
        np.testing.assert_array_equal(found, value)


def test_a_pandas_frame_comes_back_as_one(attempt):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    attempt().save_checkpoint("t", frame)
    assert attempt().load_checkpoint("t").equals(frame)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_path_comes_back_as_a_copy_that_may_be_written_to(attempt, tmp_path, kind):
    path = tmp_path / "model"
    inside = path / "weights" if kind == "folder" else path
    inside.parent.mkdir(exist_ok=True)
    inside.write_text("1")
    attempt().save_checkpoint("model", path)
    inside.write_text("2")
    copies = [attempt().load_checkpoint("model") for _ in range(2)]
    files = [copy / "weights" if kind == "folder" else copy for copy in copies]
    files[0].write_text("3")
    assert [copy.name for copy in copies] == ["model", "model"]
    assert files[1].read_text() == "1"


@pytest.mark.parametrize(
    "value",
    [object(), {1: "a"}, [{"a": {2: 3}}], np.array([object()]), {"a": {1, 2}}, Path("no/such/file")],
    ids=["object", "integer key", "inner key", "objects", "set", "no file"],
)
def test_a_value_that_could_not_come_back_as_it_was_is_refused(attempt, value):
    context = attempt()
    context.save_checkpoint("x", 1)
    with pytest.raises(ContractError, match="PPF263"):
        context.save_checkpoint("x", value)
    assert attempt().load_checkpoint("x") == 1


def test_an_attempt_that_saves_nothing_takes_nothing_from_the_next_one(attempt):
    attempt().save_checkpoint("x", 1)
    assert [attempt().load_checkpoint("x") for _ in range(3)] == [1, 1, 1]


def test_a_checkpoint_that_was_never_saved_is_the_default(attempt):
    assert attempt().load_checkpoint("x", default=5) == 5


def test_values_that_are_superseded_leave_no_files(attempt, tmp_path):
    context = attempt()
    for number in range(5):
        context.save_checkpoint("x", number)
    assert len(list((tmp_path / "kept").glob("*.json"))) == 2  # the value and the index


def test_a_process_killed_at_any_moment_leaves_a_state_that_can_be_gone_on_with(tmp_path):
    """Kill a process that saves two values in each iteration; the two always fit, and it gets on."""
    reached = 0
    for round_ in range(6):
        pid = os.fork()
        if pid == 0:
            context = context_in(tmp_path, round_)
            a, b = context.load_checkpoint("a", 0), context.load_checkpoint("b", 0)
            for number in context.iterate(range(1, 100_000)):
                os._exit(3) if (a, b) != (number - 1, 2 * (number - 1)) else None
                a, b = number, 2 * number
                context.save_checkpoint("a", a)
                context.save_checkpoint("b", b)
                context.log_metric("n", number)
        while True:  # until it has got on, then at whatever it is doing
            now = context_in_reading(tmp_path)
            if now > reached + 5 + round_:
                break
            assert os.waitpid(pid, os.WNOHANG) == (0, 0)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        after = context_in(tmp_path, 99)
        reached = after.load_checkpoint("a")
        assert after.load_checkpoint("b") == 2 * reached
        assert [metric["value"] for metric in after.metrics] == list(range(1, reached + 1))


def context_in_reading(folder: Path) -> int:
    """Return how far the index says that the loop is, without touching anything."""
    import json

    index = folder / "kept" / "index.json"
    return int(json.loads(index.read_text())["progress"]["iterations"][0]) if index.exists() else 0
