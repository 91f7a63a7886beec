"""Conditions, optional steps and fallbacks of a run, as tables of events; no clock, thread or file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Contract, Port, frozen
from pipeproof.model.each import Each
from pipeproof.model.event import Blocked, Expanded, Finished, Iterated, Reused, Skipped, Started
from pipeproof.model.hook import Hook, Hooks
from pipeproof.model.outcome import Failure, Metric, Outcome
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.repeat import Repeat
from pipeproof.model.step import Retry, Step
from pipeproof.planning.expand import expand
from pipeproof.planning.make import make_plan
from pipeproof.plugins import Kinds
from pipeproof.running.judge import Judge
from pipeproof.running.machine import Advance, Machine
from pipeproof.steps.python import PythonConfig

WRONG = Failure("exception", "PPF201", "KeyError", permanent=True)


def step(name: str, *reads: str, makes: str = "", without: tuple[str, ...] = (), **fields: Any) -> Step:
    made = makes or name
    return Step(
        name,
        "python",
        PythonConfig(f"steps:{name}"),
        inputs=frozen({dataset: dataset for dataset in reads}),
        outputs=frozen({made: made}),
        contract=Contract(inputs=frozen({dataset: Port(dataset, required=False) for dataset in without})),
        retry=fields.pop("retry", Retry(0)),
        **fields,
    )


def plan(*steps: Step, **options: Any) -> Plan:
    return make_plan(
        Pipeline("p", steps=steps), Kinds(), source_step=lambda source: step(source.name), **options
    )


def machine(*steps: Step, **options: Any) -> Machine:
    return Machine(plan(*steps), **options)


def passed(name: str, makes: str = "", rows: int | None = None, **metrics: float) -> Outcome:
    kind = "value" if rows is None else "table"
    made = Artifact(kind, f"of {name}", rows=rows, value=rows)  # type: ignore[arg-type]  # both are literals
    logged = tuple(Metric(key, value) for key, value in metrics.items())
    return Outcome(name, 1, outputs={makes or name: made}, metrics=logged)


def failed(name: str) -> Outcome:
    return Outcome(name, 1, failure=WRONG)


def said(todo: Advance) -> list[str]:
    """Return events as short text."""
    words = []
    for event in todo.events:
        match event:
            case Started(name):
                words.append(f"{name} starts")
            case Finished(outcome) if outcome.failure is None:
                words.append(f"{outcome.task} passed")
            case Finished(outcome):
                words.append(f"{outcome.task} {'excused' if event.excuse else 'failed'}")
            case Skipped(name) | Blocked(name):
                words.append(f"{name} {type(event).__name__.lower()}")
            case Iterated(outcome, number):
                words.append(f"{outcome.task} again after {number}")
            case Expanded(name):
                words.append(f"{name} expands")
            case Reused(name):
                words.append(f"{name} reused")
            case _:
                raise AssertionError(event)
    return words


def test_a_step_runs_when_its_condition_holds_and_says_what_it_saw():
    run = machine(step("a"), step("b", when="metrics.a.auc > 0.7"))
    run.begin()
    todo = run.advance([passed("a", auc=0.75)])
    assert said(todo) == ["a passed", "b starts"]
    assert todo.events[1].why == "metrics.a.auc 0.75 > 0.7 is true"


def test_a_step_whose_condition_does_not_hold_is_skipped_with_all_that_needs_it():
    run = machine(step("a"), step("b", "a", when="metrics.a.auc > 0.7"), step("c", "b"))
    run.begin()
    todo = run.advance([passed("a", auc=0.5)])
    assert said(todo) == ["a passed", "b skipped", "c skipped"]
    assert [event.why for event in todo.events[1:]] == [
        "metrics.a.auc 0.5 > 0.7 is false",
        "waits for b, which is skipped",
    ]
    assert (run.done, run.failed) == (True, False)


def test_a_step_that_can_do_without_a_skipped_input_runs_without_it():
    run = machine(step("a"), step("b", when="metrics.a.auc > 0.7"), step("c", "a", "b", without=("b",)))
    run.begin()
    todo = run.advance([passed("a", auc=0.5)])
    assert said(todo) == ["a passed", "b skipped", "c starts"]
    assert set(todo.starts[0].inputs) == {"a"}


def test_a_condition_may_ask_for_rows_values_parameters_and_how_a_step_ended():
    run = machine(
        step("a"),
        step("b"),
        step("c", when="rows(a) == 3 and value(b) == 7 and status.a == 'passed'"),
    )
    run.begin()
    run.advance([passed("a", rows=3)])
    b = replace(passed("b"), outputs={"b": Artifact("value", "b", value=7)})
    assert said(run.advance([b])) == ["b passed", "c starts"]


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("metrics.a.acu > 1", "a logged no metric 'acu'; did you mean 'auc'?"),
        ("rows(a) > 1", "a is a value, which has no rows"),
        ("metrics.a.auc > 'high'", "metrics.a.auc 0.5 > 'high'"),
    ],
)
def test_a_condition_that_cannot_be_answered_fails_its_step(condition, says):
    run = machine(step("a"), step("b", when=condition), step("c", "b"))
    run.begin()
    todo = run.advance([passed("a", auc=0.5)])
    assert said(todo) == ["a passed", "b failed", "c blocked"]
    failure = todo.events[1].outcome.failure
    assert (failure.code, says in failure.message) == ("PPF565", True)
    assert run.failed


def test_a_step_that_asks_how_another_ended_runs_after_its_failure():
    run = machine(step("a"), step("b", when="status.a == 'failed'"), step("c"))
    run.begin()
    assert said(run.advance([failed("a")])) == ["a failed", "b starts"]
    run.advance([passed("c")])
    assert said(run.advance([passed("b")])) == ["b passed"]
    assert (run.done, run.failed) == (True, True)


def test_a_run_that_is_stopped_starts_nothing_that_asks_how_others_ended():
    run = machine(step("a"), step("b", when="status.a == 'failed'"))
    run.begin()
    assert said(run.stop("the run was stopped")) == ["b blocked"]
    assert said(run.advance([failed("a")])) == ["a failed"]
    assert run.done


def test_an_optional_step_may_fail_and_what_needs_it_is_skipped():
    run = machine(step("a", optional=True), step("b", "a"), step("c", "a", without=("a",)), step("d"))
    run.begin()
    todo = run.advance([failed("a")])
    assert said(todo) == ["a excused", "b skipped", "c starts"]
    assert todo.events[0].excuse == "it is optional"
    run.advance([passed("c"), passed("d")])
    assert (run.done, run.failed) == (True, False)


def fallback() -> tuple[Step, ...]:
    return step("a", on_failure="spare"), step("spare", makes="a"), step("b", "a")


def test_a_fallback_stands_in_for_a_step_that_failed():
    run = machine(*fallback())
    assert said(run.begin()) == ["a starts"]
    todo = run.advance([failed("a")])
    assert said(todo) == ["a excused", "spare starts"]
    assert todo.events[0].excuse == "spare stands in for it"
    todo = run.advance([passed("spare", makes="a")])
    assert said(todo) == ["spare passed", "b starts"]
    assert todo.starts[0].inputs["a"].digest == "of spare"
    run.advance([passed("b")])
    assert (run.done, run.failed) == (True, False)


def test_a_fallback_is_skipped_when_it_is_not_needed():
    run = machine(*fallback())
    run.begin()
    todo = run.advance([passed("a")])
    assert said(todo) == ["a passed", "spare skipped", "b starts"]
    assert todo.events[1].why == "is not needed: a passed"


def test_a_fallback_that_fails_too_fails_the_run():
    run = machine(*fallback())
    run.begin()
    run.advance([failed("a")])
    assert said(run.advance([failed("spare")])) == ["spare failed", "b blocked"]
    assert (run.done, run.failed) == (True, True)


def test_a_fallback_that_cannot_run_fails_the_run():
    away = step("away", when="metrics.first.x > 1")
    run = machine(step("first"), away, step("a", on_failure="spare"), step("spare", "away", makes="a"))
    run.begin()
    run.advance([failed("a")])
    assert said(run.advance([passed("first", x=0)])) == ["first passed", "away skipped", "spare blocked"]
    assert (run.done, run.failed) == (True, True)


def test_a_skipped_step_needs_no_fallback_and_what_reads_it_is_skipped():
    run = machine(
        step("first"),
        step("a", on_failure="spare", when="metrics.first.x > 1"),
        step("spare", makes="a"),
        step("b", "a"),
    )
    run.begin()
    assert said(run.advance([passed("first", x=0)])) == [
        "first passed",
        "a skipped",
        "spare skipped",
        "b skipped",
    ]
    assert (run.done, run.failed) == (True, False)


def test_an_interrupted_step_is_not_excused():
    run = machine(step("a", optional=True))
    run.begin()
    run.stop("the run was stopped")
    stopped = Outcome("a", 1, failure=Failure("interrupted", "PPF210"))
    assert said(run.advance([stopped])) == ["a failed"]
    assert run.failed


def test_a_fallback_is_tried_again_as_any_step():
    run = machine(step("a", on_failure="spare"), step("spare", makes="a", retry=Retry(1)))
    run.begin()
    run.advance([failed("a")])
    todo = run.advance([Outcome("spare", 1, failure=Failure("exception", "PPF201"))])
    assert [pause.task for pause in todo.pauses] == ["spare"]


def expanding(the_plan: Plan) -> Judge:
    def items(task: Task, artifact: Artifact | None) -> tuple[Task, ...]:
        return expand(task, None if artifact is None else artifact.value, the_plan, Kinds()).tasks

    return Judge(expand=items)


def with_items(*more: Step, **each: Any) -> Machine:
    the_plan = plan(
        step("names"), step("hello", each=Each(dataset="names", **each)), step("end", "hello"), *more
    )
    return Machine(the_plan, judge=expanding(the_plan), slots=3)


def named(*items: str) -> Outcome:
    return Outcome("names", 1, outputs={"names": Artifact("value", "names", value=list(items))})


def one_of(label: str) -> Outcome:
    return passed(f"hello[{label}]", makes=f"hello[{label}]")


def test_items_become_tasks_when_they_are_known():
    run = with_items()
    run.begin()
    todo = run.advance([named("Ann", "Eve")])
    expanded = todo.events[1]
    assert isinstance(expanded, Expanded)
    assert expanded.tasks == ("hello[Ann]", "hello[Eve]")
    assert said(todo) == ["names passed", "hello expands", "hello[Ann] starts", "hello[Eve] starts"]
    run.advance([one_of("Eve")])
    assert said(run.advance([one_of("Ann")])) == ["hello[Ann] passed", "hello starts"]
    assert said(run.advance([passed("hello")])) == ["hello passed", "end starts"]


def test_no_items_are_gathered_at_once():
    run = with_items()
    run.begin()
    assert said(run.advance([named()])) == ["names passed", "hello expands", "hello starts"]


def test_what_is_no_list_of_items_fails_the_step():
    run = with_items()
    run.begin()
    assert said(run.advance([passed("names")])) == ["names passed", "hello failed", "end blocked"]
    assert run.done


def test_an_item_that_fails_fails_the_step():
    run = with_items()
    run.begin()
    run.advance([named("Ann", "Eve")])
    assert said(run.advance([failed("hello[Ann]")])) == ["hello[Ann] failed", "hello blocked", "end blocked"]
    run.advance([one_of("Eve")])
    assert (run.done, run.failed) == (True, True)


def test_only_so_many_items_run_at_once():
    run = with_items(at_once=1)
    run.begin()
    assert said(run.advance([named("Ann", "Eve", "Bob")]))[2:] == ["hello[Ann] starts"]
    assert said(run.advance([one_of("Ann")])) == ["hello[Ann] passed", "hello[Eve] starts"]
    assert said(run.stop("the run was stopped")) == ["hello blocked", "end blocked", "hello[Bob] blocked"]
    run.advance([one_of("Eve")])
    assert run.done


NOTE = Hook("hooks.py:note")


def hooked(*steps: Step, keep_going: bool = False, **moments: tuple[Hook, ...]) -> Machine:
    pipeline = Pipeline("p", steps=steps, hooks=Hooks(**moments))
    the_plan = make_plan(pipeline, Kinds(), source_step=lambda source: step(source.name))
    return Machine(the_plan, keep_going=keep_going)


def test_hooks_run_around_a_step_and_are_told_how_it_ended():
    run = hooked(step("a", before=(NOTE,), after=(NOTE,)))
    assert said(run.begin()) == ["a@before starts"]
    assert said(run.advance([Outcome("a@before", 1)])) == ["a@before passed", "a starts"]
    todo = run.advance([passed("a", auc=0.5)])
    assert said(todo) == ["a passed", "a@after starts"]
    about = todo.starts[0].about
    assert (about["step"], about["status"], about["metrics"]) == ("a", "passed", {"auc": 0.5})


def test_a_step_does_not_run_when_the_hook_before_it_fails():
    run = hooked(step("a", before=(NOTE,), after=(NOTE,)))
    run.begin()
    assert said(run.advance([failed("a@before")])) == ["a@before failed", "a blocked", "a@after skipped"]
    assert (run.done, run.failed) == (True, True)


def test_a_hook_after_a_step_may_fail():
    run = hooked(step("a", after=(NOTE,)), step("b", "a"))
    run.begin()
    run.advance([passed("a")])
    assert said(run.advance([failed("a@after"), passed("b")])) == ["a@after excused", "b passed"]
    assert (run.done, run.failed) == (True, False)


def test_hooks_of_the_run_are_called_after_a_failure_that_stopped_it():
    run = hooked(step("a"), step("b", "a"), after_run=(NOTE,), after_step=(NOTE,), on_failure=(NOTE,))
    run.begin()
    todo = run.advance([failed("a")])
    assert said(todo) == ["a failed", "b blocked", "b@after skipped", "a@after starts"]
    assert todo.starts[0].about["failure"]["type"] == "KeyError"
    todo = run.advance([Outcome("a@after", 1)])
    assert said(todo) == ["a@after passed", "run@failure starts", "run@after starts"]
    assert todo.starts[1].about["steps"] == {"a": "failed", "b": "blocked"}
    run.advance([Outcome("run@failure", 1), Outcome("run@after", 1)])
    assert run.done


def test_nobody_is_called_for_a_failure_that_did_not_happen():
    run = hooked(step("a"), on_failure=(NOTE,))
    run.begin()
    assert said(run.advance([passed("a")])) == ["a passed", "run@failure skipped"]


def test_a_run_that_is_stopped_calls_no_hooks():
    run = hooked(step("a"), after_run=(NOTE,))
    run.begin()
    assert said(run.stop("the run was stopped")) == ["run@after blocked"]


def test_a_step_that_is_taken_from_an_earlier_run_has_no_hooks():
    run = hooked(step("a", before=(NOTE,), after=(NOTE,)))
    kept = Outcome("a", 1, outputs={"a": Artifact("value", "kept")})

    def settle(task: Task, _inputs: Any, _passed: Any) -> Task:
        return replace(task, decision="reuse", reused=kept) if task.name == "a" else task

    run.judge = Judge(settle)
    assert said(run.begin()) == ["a@before skipped", "a reused", "a@after skipped"]


def repeating(condition: str, at_most: int = 3, **options: Any) -> Machine:
    otherwise = options.pop("otherwise", "fail")
    fields = {"retry": options.pop("retry", Retry(0)), "repeat": Repeat(condition, at_most, otherwise)}
    return machine(step("a", **fields), step("b", "a"), **options)


def round_of(attempt: int, **metrics: float) -> Outcome:
    return replace(passed("a", **metrics), attempt=attempt)


def test_a_step_is_done_again_until_its_condition_holds():
    run = repeating("metrics.a.loss < 0.5")
    (start,) = run.begin().starts
    assert (start.iteration, start.previous) == (1, {})
    todo = run.advance([round_of(1, loss=0.9)])
    assert said(todo) == ["a again after 1", "a starts"]
    assert todo.events[0].why == "metrics.a.loss 0.9 < 0.5 is false"
    (start,) = todo.starts
    assert (start.attempt, start.iteration, start.previous["a"].digest) == (2, 2, "of a")
    todo = run.advance([round_of(2, loss=0.4)])
    assert said(todo) == ["a passed", "b starts"]
    assert todo.events[0].outcome.metrics == (Metric("loss", 0.4, 2),)


def test_a_condition_may_ask_for_the_number_of_the_iteration():
    run = repeating("iteration >= 2")
    run.begin()
    assert said(run.advance([round_of(1)])) == ["a again after 1", "a starts"]
    assert said(run.advance([round_of(2)])) == ["a passed", "b starts"]


def test_a_step_that_is_not_done_by_its_bound_has_failed():
    run = repeating("metrics.a.loss < 0.5", at_most=2)
    run.begin()
    run.advance([round_of(1, loss=0.9)])
    todo = run.advance([round_of(2, loss=0.8)])
    assert said(todo) == ["a failed", "b blocked"]
    assert todo.events[0].outcome.failure.code == "PPF572"


def test_a_bound_may_be_enough():
    run = repeating("metrics.a.loss < 0.5", at_most=1, otherwise="pass")
    run.begin()
    assert said(run.advance([round_of(1, loss=0.9)])) == ["a passed", "b starts"]


def test_each_iteration_has_its_own_tries():
    run = repeating("iteration >= 2", retry=Retry(1))
    run.begin()
    flaky = Failure("exception", "PPF201")
    assert run.advance([Outcome("a", 1, failure=flaky)]).pauses
    run.resume("a")
    assert said(run.advance([round_of(2)])) == ["a again after 1", "a starts"]
    assert run.advance([Outcome("a", 3, failure=flaky)]).pauses


def test_a_condition_that_cannot_be_answered_ends_the_iterations():
    run = repeating("metrics.a.loss < 0.5")
    run.begin()
    assert said(run.advance([round_of(1)])) == ["a failed", "b blocked"]


def test_a_run_that_is_stopped_does_nothing_again():
    run = repeating("iteration >= 2")
    run.begin()
    run.stop("the run was stopped")
    todo = run.advance([round_of(1)])
    assert said(todo) == ["a failed"]
    assert todo.events[0].outcome.failure.kind == "interrupted"
    assert run.done


NAMES = "abcdef"


@st.composite
def pipelines(draw) -> tuple[Step, ...]:
    """Draw steps that read from those before, with conditions, fallbacks, and inputs that may be missing."""
    steps: list[Step] = []
    for number, name in enumerate(NAMES[: draw(st.integers(2, 6))]):
        before = [one.name for one in steps]
        datasets = [one for one in before if one in NAMES]
        reads = draw(st.lists(st.sampled_from(datasets), unique=True, max_size=3)) if datasets else []
        without = tuple(draw(st.lists(st.sampled_from(reads), unique=True))) if reads else ()
        conditions = [""]
        if before:
            other = draw(st.sampled_from(before))
            conditions += [
                f"metrics.{other}.x > 1",
                f"status.{other} == 'passed'",
                f"status.{other} != 'passed'",
            ]
        extra = {"when": draw(st.sampled_from(conditions))}
        if draw(st.integers(0, 3)) == 0:
            extra["repeat"] = Repeat(f"metrics.{name}.x > 1", draw(st.integers(1, 3)))
        if draw(st.booleans()):
            extra["on_failure"] = f"{name}_spare"
            steps.append(step(f"{name}_spare", makes=name, optional=draw(st.booleans())))
        elif draw(st.booleans()):
            extra["optional"] = True
        steps.append(step(name, *reads, without=without, retry=Retry(number % 2), **extra))
    return tuple(steps)


@settings(max_examples=150, deadline=None)
@given(pipelines(), st.data())
def test_whatever_comes_back_every_task_ends_once_and_none_that_was_left_out_starts(steps, data):
    the_plan = plan(*steps)
    run = Machine(the_plan, keep_going=data.draw(st.booleans()), slots=data.draw(st.integers(1, 4)))
    ended: dict[str, str] = {}
    open_: dict[str, int] = {}

    def take(todo: Advance) -> None:
        for event in todo.events:
            if isinstance(event, Started):
                assert event.task not in ended
                open_[event.task] = event.attempt
            elif isinstance(event, Finished | Skipped | Blocked):
                name = event.outcome.task if isinstance(event, Finished) else event.task
                assert name not in ended
                ended[name] = type(event).__name__
                open_.pop(name, None)
            elif isinstance(event, Iterated):
                assert event.outcome.task not in ended
        for start in todo.starts:
            needed = {*start.task.step.inputs.values()} - {*start.task.step.spared}
            assert needed <= set(start.inputs)
        for pause in todo.pauses:
            open_.pop(pause.task, None)
            take(run.resume(pause.task))

    take(run.begin())
    while open_:
        if data.draw(st.integers(0, 12)) == 0:
            take(run.stop("the run was stopped"))
        name = data.draw(st.sampled_from(sorted(open_)))
        makes = next(iter(run.running[name].task.step.outputs.values()))
        good = replace(
            passed(name, makes=makes, x=data.draw(st.sampled_from([0.0, 2.0]))), attempt=open_[name]
        )
        bad = Outcome(
            name, open_[name], failure=data.draw(st.sampled_from([WRONG, Failure("exception", "PPF201")]))
        )
        take(run.advance([data.draw(st.sampled_from([good, bad]))]))
    assert run.done
    assert set(ended) == {task.name for task in the_plan.tasks}
