"""What a run decides, as tables of events; no clock, thread or file."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.model.artifact import Artifact
from pipeproof.model.event import AttemptFailed, Blocked, Event, Finished, Reused, Skipped, Started
from pipeproof.model.outcome import Failure, Outcome
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.step import Retry, Step
from pipeproof.running.machine import Advance, Machine
from pipeproof.running.retrying import pause_before, tries_again

FLAKY = Failure("exception", "PPF201", "ConnectionError")
WRONG = Failure("exception", "PPF201", "KeyError", permanent=True)
STOPPED = Failure("interrupted", "PPF210")


def task(name: str, *needs: str, retries: int = 0, **fields: Any) -> Task:
    step = Step(name, "python", outputs={name: name}, retry=Retry(retries))
    return replace(Task(step, f"key-{name}", "run", "", needs), **fields)


def machine(*tasks: Task, **options: Any) -> Machine:
    return Machine(Plan(Pipeline("p"), tasks), **options)


def passed(name: str, attempt: int = 1) -> Outcome:
    return Outcome(name, attempt, outputs={name: Artifact("value", name)})


def failed(name: str, failure: Failure = WRONG, attempt: int = 1) -> Outcome:
    return Outcome(name, attempt, failure=failure)


def said(todo: Advance) -> list[str]:
    """Return events as short text."""
    return [_short(event) for event in todo.events]


def _short(event: Event) -> str:
    match event:
        case Started(name, attempt):
            return f"{name} starts {attempt}"
        case Finished(outcome):
            return f"{outcome.task} {'failed' if outcome.failure else 'passed'}"
        case AttemptFailed(outcome):
            return f"{outcome.task} again"
        case Blocked(name, by):
            return f"{name} blocked by {by or 'the end'}"
        case Reused(name):
            return f"{name} reused"
        case Skipped(name):
            return f"{name} skipped"
    raise AssertionError(event)


def test_a_chain_goes_step_by_step():
    run = machine(task("a"), task("b", "a"), task("c", "b"))
    assert said(run.begin()) == ["a starts 1"]
    assert said(run.advance([passed("a")])) == ["a passed", "b starts 1"]
    assert said(run.advance([passed("b")])) == ["b passed", "c starts 1"]
    assert said(run.advance([passed("c")])) == ["c passed"]
    assert (run.done, run.failed) == (True, False)


def test_a_start_carries_what_its_needs_made():
    b = task("b", "a")
    run = machine(task("a"), replace(b, step=replace(b.step, inputs={"x": "a"})))
    run.begin()
    (start,) = run.advance([passed("a")]).starts
    assert start.inputs == {"a": Artifact("value", "a")}


def test_no_more_start_than_there_are_slots():
    run = machine(*(task(name) for name in "abcd"), slots=2)
    assert said(run.begin()) == ["a starts 1", "b starts 1"]
    assert said(run.advance([passed("b")])) == ["b passed", "c starts 1"]
    assert said(run.advance([passed("a"), passed("c")])) == ["a passed", "c passed", "d starts 1"]


def test_a_failure_stops_what_waits_and_awaits_what_runs():
    run = machine(task("a"), task("b"), task("c", "a"), task("d", "b"))
    run.begin()
    assert said(run.advance([failed("a")])) == ["a failed", "c blocked by a", "d blocked by the end"]
    assert not run.done
    assert said(run.advance([passed("b")])) == ["b passed"]
    assert (run.done, run.failed) == (True, True)


def test_keep_going_runs_what_does_not_depend_on_the_failure():
    run = machine(task("a"), task("b"), task("c", "a"), task("d", "b"), task("e", "c", "d"), keep_going=True)
    run.begin()
    assert said(run.advance([failed("a")])) == ["a failed", "c blocked by a", "e blocked by a"]
    assert said(run.advance([passed("b")])) == ["b passed", "d starts 1"]
    assert said(run.advance([passed("d")])) == ["d passed"]
    assert run.done


def test_a_retry_waits_without_a_slot_and_starts_when_its_pause_is_over():
    run = machine(task("a", retries=1), task("b"), slots=1)
    run.begin()
    todo = run.advance([failed("a", FLAKY)])
    assert said(todo) == ["a again", "b starts 1"]
    assert [pause.task for pause in todo.pauses] == ["a"]
    assert said(run.resume("a")) == []
    assert said(run.advance([passed("b")])) == ["b passed", "a starts 2"]
    assert said(run.advance([failed("a", FLAKY, 2)])) == ["a failed"]


def test_what_pauses_when_the_run_stops_has_failed():
    run = machine(task("a", retries=3), task("b"), task("c", "a"))
    run.begin()
    run.advance([failed("a", FLAKY)])
    assert said(run.advance([failed("b")])) == ["b failed", "a failed", "c blocked by the end"]
    assert said(run.resume("a")) == []
    assert run.done


def test_an_outcome_that_comes_too_late_changes_nothing():
    run = machine(task("a"), task("b", "a"))
    run.begin()
    run.advance([passed("a")])
    assert said(run.advance([failed("a")])) == []
    assert said(run.advance([passed("b"), passed("b")])) == ["b passed"]


def test_what_is_reused_settles_at_once():
    reused = Outcome("a", 1, outputs={"a": Artifact("value", "old")})
    run = machine(task("a", decision="reuse", reused=reused, reused_from="r-1"), task("b", "a"))
    assert said(run.begin()) == ["a reused", "b starts 1"]
    assert run.made == {("", "a"): Artifact("value", "old")}


def in_trial(trial: str, name: str, *needs: str, **fields: Any) -> Task:
    """Return a task of a trial that reads what its needs make."""
    made = task(name, *(f"{trial}/{need}" for need in needs), **fields)
    return replace(made, step=replace(made.step, inputs={need: need for need in needs}), trial=trial)


def test_what_is_skipped_takes_with_it_all_that_waits_for_it():
    skip = task("a", decision="skip", why="it touches the world")
    run = machine(skip, task("b", "a"), task("c", "b"), task("d"))
    todo = run.begin()
    assert said(todo) == ["a skipped", "b skipped", "c skipped", "d starts 1"]
    assert [event.why for event in todo.events[:3]] == [
        "it touches the world",
        "waits for a, which is skipped",
        "waits for b, which is skipped",
    ]
    run.advance([passed("d")])
    assert (run.done, run.failed) == (True, False)


def test_a_task_is_skipped_only_when_what_it_waits_for_has_passed():
    run = machine(task("a"), task("b", "a", decision="skip", why="no"), task("c", "b"), keep_going=True)
    assert said(run.begin()) == ["a starts 1"]
    assert said(run.advance([passed("a")])) == ["a passed", "b skipped", "c skipped"]
    assert (run.done, run.failed) == (True, False)


def test_what_waits_for_a_failure_is_blocked_and_not_skipped():
    run = machine(task("a"), task("b", "a", decision="skip", why="no"), keep_going=True)
    run.begin()
    assert said(run.advance([failed("a")])) == ["a failed", "b blocked by a"]
    assert run.failed


def test_a_dataset_of_one_trial_is_not_seen_by_another():
    run = machine(
        in_trial("one", "a"), in_trial("two", "a"), in_trial("one", "b", "a"), in_trial("two", "b", "a")
    )
    run.begin()
    outcomes = [
        Outcome(f"{trial}/a", 1, outputs={"a": Artifact("value", f"of {trial}")}) for trial in ("two", "one")
    ]
    given = {
        start.task.name: start.inputs["a"].digest
        for outcome in outcomes
        for start in run.advance([outcome]).starts
    }
    assert given == {"one/b": "of one", "two/b": "of two"}


def test_a_failure_in_one_trial_leaves_the_others_alone():
    run = machine(
        in_trial("one", "a"),
        in_trial("two", "a"),
        in_trial("one", "b", "a"),
        in_trial("two", "b", "a"),
        keep_going=True,
    )
    run.begin()
    assert said(run.advance([failed("one/a")])) == ["one/a failed", "one/b blocked by one/a"]
    assert said(run.advance([Outcome("two/a", 1)])) == ["two/a passed", "two/b starts 1"]


def test_thousands_of_reused_steps_settle_without_recursion():
    names = [f"s{number}" for number in range(5000)]
    kept = Outcome("s", 1)
    chain = [
        task(name, *names[max(0, i - 1) : i], decision="reuse", reused=kept) for i, name in enumerate(names)
    ]
    run = machine(*chain)
    assert len(run.begin().events) == 5000
    assert run.done


@pytest.mark.parametrize(
    ("count", "on", "attempt", "failure", "effects", "idempotent", "again"),
    [
        (3, "transient", 1, FLAKY, "none", False, True),
        (3, "transient", 3, FLAKY, "none", False, True),
        (3, "transient", 4, FLAKY, "none", False, False),
        (0, "transient", 1, FLAKY, "none", False, False),
        (3, "transient", 1, WRONG, "none", False, False),
        (3, "any", 1, WRONG, "none", False, True),
        (3, "any", 1, STOPPED, "none", False, False),
        (3, "transient", 1, FLAKY, "external", False, False),
        (3, "any", 1, FLAKY, "external", False, False),
        (3, "transient", 1, FLAKY, "external", True, True),
    ],
)
def test_who_tries_again(count, on, attempt, failure, effects, idempotent, again):  # noqa: PLR0917 the columns of the table
    step = Step("s", "python", retry=Retry(count, on=on), effects=effects, idempotent=idempotent)
    assert tries_again(step, attempt, failure) is again


@given(st.integers(1, 5000), st.floats(0, 100), st.floats(1, 10), st.floats(0.1, 1000), st.text(max_size=5))
def test_a_pause_is_drawn_below_the_backoff_and_the_same_for_the_same_seed(
    attempt, first, factor, longest, seed
):
    retry = Retry(first=first, factor=factor, longest=longest)
    pause = pause_before(retry, attempt, seed)
    assert 0 <= pause <= longest
    assert attempt > 1 or pause <= first
    assert pause == pause_before(retry, attempt, seed)


def test_pauses_grow_and_differ_between_steps():
    retry = Retry(first=1, factor=2, longest=60)
    of_many = [[pause_before(retry, attempt, f"s{number}") for number in range(200)] for attempt in (1, 2, 3)]
    means = [sum(pauses) / len(pauses) for pauses in of_many]
    assert means == sorted(means)
    assert len(set(of_many[0])) == 200


@st.composite
def graphs(draw: st.DrawFn) -> list[Task]:
    size = draw(st.integers(1, 12))
    tasks = []
    for number in range(size):
        needs = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        decision = draw(st.sampled_from(["run", "reuse"] if not needs else ["run", "run", "run", "skip"]))
        names = (f"t{need}" for need in sorted(needs))
        tasks.append(task(f"t{number}", *names, retries=draw(st.integers(0, 2)), decision=decision))
    return tasks


@given(graphs(), st.randoms(use_true_random=False), st.booleans(), st.integers(1, 4))
def test_whatever_happens_every_task_ends_once_and_in_order(tasks, chance, keep_going, slots):
    run = machine(*tasks, keep_going=keep_going, slots=slots)
    events = _play(run, chance)
    names = {item.name for item in tasks}
    ended = [name for event in events if (name := _ended(event))]
    assert sorted(ended) == sorted(names)
    _check_order(events, {item.name: item for item in tasks}, slots)
    _check_blocked(events, {item.name: item for item in tasks}, keep_going=keep_going)
    _check_skipped(events, {item.name: item for item in tasks})


def _play(run: Machine, chance: random.Random) -> list[Event]:
    """Let a machine run against outcomes that come as they like."""
    events: list[Event] = []
    waiting: dict[str, int] = {}
    paused: list[str] = []

    def take(todo: Advance) -> None:
        events.extend(todo.events)
        waiting.update({start.task.name: start.attempt for start in todo.starts})
        paused.extend(pause.task for pause in todo.pauses)

    take(run.begin())
    while not run.done:
        if chance.random() < 0.03:
            take(run.stop("stopped"))
        if paused and (not waiting or chance.random() < 0.5):
            take(run.resume(paused.pop(chance.randrange(len(paused)))))
            continue
        names = chance.sample(sorted(waiting), min(len(waiting), chance.randint(1, 3)))
        answers = [
            (passed if chance.random() < 0.7 else failed)(name, attempt=waiting.pop(name)) for name in names
        ]
        answers = [
            replace(answer, failure=chance.choice([FLAKY, WRONG, STOPPED])) if answer.failure else answer
            for answer in answers
        ]
        take(run.advance(answers))
    return events


def _ended(event: Event) -> str | None:
    match event:
        case Finished(outcome):
            return outcome.task
        case Blocked(name) | Reused(name) | Skipped(name):
            return name
    return None


def _check_order(events: list[Event], tasks: dict[str, Task], slots: int) -> None:
    good: set[str] = set()
    running: dict[str, int] = {}
    attempts = dict.fromkeys(tasks, 0)
    for event in events:
        match event:
            case Started(name, attempt, key):
                assert set(tasks[name].needs) <= good
                assert attempt == attempts[name] + 1
                assert key == tasks[name].key
                attempts[name] = running[name] = attempt
                assert len(running) <= slots
            case AttemptFailed(outcome) | Finished(outcome) if outcome.task in running:
                assert outcome.attempt == running.pop(outcome.task)
                good |= {outcome.task} if outcome.failure is None else set()
            case Finished(outcome):  # it paused when the run stopped
                assert outcome.failure is not None
            case Reused(name):
                good.add(name)
    assert not running


def _check_skipped(events: list[Event], tasks: dict[str, Task]) -> None:
    """Hold that only what the plan skips, and what waits for it, is skipped, and that this fails nothing."""
    skipped = {event.task for event in events if isinstance(event, Skipped)}
    started = {event.task for event in events if isinstance(event, Started)}
    for name in skipped:
        assert tasks[name].decision == "skip" or skipped.intersection(tasks[name].needs)
    assert not started & {name for name, item in tasks.items() if item.decision == "skip"}
    assert not {name for name in started if skipped.intersection(tasks[name].needs)}


def _check_blocked(events: list[Event], tasks: dict[str, Task], *, keep_going: bool) -> None:
    bad = {event.outcome.task for event in events if isinstance(event, Finished) and event.outcome.failure}
    blocked = {event.task: event.by for event in events if isinstance(event, Blocked)}
    stopped = any(not by for by in blocked.values())
    for by in blocked.values():
        assert not by or by in bad
        assert by or not keep_going or stopped
    skipped = {event.task for event in events if isinstance(event, Skipped)}
    for name, item in tasks.items():
        if name in skipped:  # it waits for a skipped one too, which ended first
            continue
        upstream = {need for need in item.needs if need in bad or need in blocked}
        assert (name in blocked) >= bool(upstream)
        assert stopped or (name in blocked) == bool(upstream)
