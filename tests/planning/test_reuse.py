"""Which steps are taken from earlier runs: tables of pipelines, what is kept, and what is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Outcome, Seen
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.reuse import Known, barrier_of
from pipeproof.model.step import Step
from pipeproof.planning.keys import key_with
from pipeproof.planning.reuse import Done, Past, decide, settling


def task(name: str, *reads: str, **more: Any) -> Task:
    """Return a task that reads what steps of these names make, with its own name as static key."""
    fields = {key: more.pop(key) for key in ("effects",) if key in more}
    step = Step(name, "python", inputs={read: read for read in reads}, outputs={name: name}, **fields)
    return replace(Task(step, f"s-{name}", "run", "", tuple(reads)), **more)


def made(name: str, version: str = "1") -> Artifact:
    return Artifact("value", f"{name}{version}")


def known(name: str, *reads: str, run: str = "r-1", seen: tuple[Seen, ...] = (), **versions: str) -> Known:
    """Return what a step came to when it read these versions."""
    inputs = {read: made(read, versions.get(read, "1")) for read in reads}
    outcome = Outcome(name, 1, outputs={name: made(name, versions.get(name, "1"))}, seen=seen)
    digests = {local: artifact.digest for local, artifact in inputs.items()}
    return Known(key_with(f"s-{name}", inputs, task(name, *reads).step), run, outcome, digests)


def past(*kept: Known, **options: Any) -> Past:
    by_static: dict[str, Sequence[Known]] = {}
    for item in kept:
        static = f"s-{item.outcome.task}"
        by_static[static] = [*by_static.get(static, ()), item]
    return Past(lambda keys: {key: by_static[key] for key in keys if key in by_static}, **options)


def decided(tasks: Sequence[Task], kept: Past) -> dict[str, str]:
    plan = decide(Plan(Pipeline("p"), tuple(tasks)), kept)
    return {item.name: f"{item.decision}: {item.why}".rstrip(": ") for item in plan.tasks}


CHAIN = (task("a"), task("b", "a"), task("c", "b"))
KEPT = (known("a"), known("b", "a"), known("c", "b"))


def test_what_is_kept_whole_is_taken_whole() -> None:
    assert decided(CHAIN, past(*KEPT)) == dict.fromkeys("abc", "reuse: unchanged since r-1")


@pytest.mark.parametrize(
    ("tasks", "kept", "says"),
    [
        (
            CHAIN,
            past(*KEPT[1:]),
            {"a": "run: nothing of it is kept", "b": "undecided: waits for a", "c": "undecided: waits for b"},
        ),
        (
            CHAIN,
            past(KEPT[0], KEPT[2]),
            {
                "a": "reuse: unchanged since r-1",
                "b": "run: nothing of it is kept",
                "c": "undecided: waits for b",
            },
        ),
        (CHAIN, past(*KEPT, off=True), dict.fromkeys("abc", "run: nothing is taken from earlier runs")),
        (
            CHAIN,
            past(*KEPT, refresh=frozenset({"b"})),
            {
                "a": "reuse: unchanged since r-1",
                "b": "run: it is to be run anew",
                "c": "undecided: waits for b",
            },
        ),
        (
            (task("a", barrier="it says cache: false"), CHAIN[1]),
            past(*KEPT),
            {"a": "run: it says cache: false", "b": "undecided: waits for a"},
        ),
        ((task("a", static=""),), past(*KEPT), {"a": "run: no key can be had"}),
        (
            (CHAIN[0], replace(CHAIN[1], needs=())),
            past(known("a", a="2"), KEPT[1]),
            {"a": "reuse: unchanged since r-1", "b": "run: a changed"},
        ),
        (
            (task("a"),),
            past(known("a", seen=(Seen("file", "data/x.csv", "old"),)), changed=lambda _task, _seen: True),
            {"a": "run: file data/x.csv changed"},
        ),
        (
            (task("a"),),
            past(known("a"), whole=lambda _outcome: False),
            {"a": "run: what it made in r-1 is not kept any more"},
        ),
        (
            (task("a"),),
            past(new=lambda tasks: {item.name: "code f changed" for item in tasks}),
            {"a": "run: code f changed"},
        ),
    ],
)
def test_what_changed_is_run_and_says_why(tasks: Sequence[Task], kept: Past, says: Mapping[str, str]) -> None:
    assert decided(tasks, kept) == says


def test_of_several_results_the_one_that_fits_today_is_taken() -> None:
    other, fitting = known("b", "a", run="r-2", a="2"), known("b", "a", run="r-1")
    assert decided(CHAIN[:2], past(KEPT[0], other, fitting))["b"] == "reuse: unchanged since r-1"


def test_a_step_that_touches_the_world_dirties_what_waits_for_it() -> None:
    load = task("load", effects="external", barrier="it touches the world")
    after = replace(task("report"), needs=("load",))
    assert decided((load, after), past(known("report")))["report"] == "undecided: waits for load"


def settled(
    what: Task, inputs: Mapping[str, Artifact], kept: Past, passed: Mapping[str, Outcome] | None = None
) -> Task:
    return settling(kept, Plan(Pipeline("p"), (what,)))(what, inputs, passed or {})


def test_an_undecided_step_whose_inputs_come_out_as_they_were_is_taken() -> None:
    waiting = task("b", "a", decision="undecided", why="waits for a")
    found = settled(waiting, {"a": made("a")}, past(*KEPT))
    assert (found.decision, found.reused_from) == ("reuse", "r-1")


def test_an_undecided_step_whose_inputs_come_out_otherwise_is_run_and_says_which() -> None:
    waiting = task("b", "a", decision="undecided", why="waits for a")
    found = settled(waiting, {"a": made("a", "2")}, past(*KEPT))
    assert (found.decision, found.why) == ("run", "a changed")


def test_a_step_that_runs_gets_the_key_of_what_it_reads() -> None:
    one, two = (settled(task("b", "a"), {"a": made("a", version)}, past()).key for version in "12")
    assert one
    assert one != two


def test_what_waits_for_a_touch_of_the_world_is_run() -> None:
    load = task("load", effects="external")
    after = replace(task("report"), needs=("load",), decision="undecided")
    settle = settling(past(known("report")), Plan(Pipeline("p"), (load, after)))
    found = settle(after, {}, {"load": Outcome("load", 1)})
    assert (found.decision, found.why) == ("run", "load ran before it")


def test_what_waits_for_a_touch_of_the_world_that_stands_is_not_run_for_it() -> None:
    load = task("load", effects="external", decision="reuse", reused=Outcome("load", 1))
    after = replace(task("report"), needs=("load",), decision="undecided")
    settle = settling(past(known("report")), Plan(Pipeline("p"), (load, after)))
    assert settle(after, {}, {"load": Outcome("load", 1)}).decision == "reuse"


@pytest.mark.parametrize(
    ("what", "barrier"),
    [
        ("network", "it asked db:5432 over the network, whose answers have no version"),
        ("changing", "db:5432 changed while it ran"),
        ("too much", "it used more than can be kept track of"),
        ("file", ""),
        ("variable", ""),
    ],
)
def test_what_has_no_version_is_a_barrier(what: Any, barrier: str) -> None:
    assert barrier_of((Seen(what, "db:5432"),)) == barrier


@pytest.mark.parametrize("what", ["unseen", "network"])
def test_what_cannot_be_compared_is_not_done_again_by_the_run_that_did_it(what: str) -> None:
    did = known("a", seen=(Seen(what, "what code in a container used", "never"),))
    options = {"changed": lambda _task, _seen: True}
    assert decided(CHAIN[:1], past(did, **options))["a"].startswith("run: ")
    going_on = past(**options, done={"a": Done("s-a", did)})
    assert decided(CHAIN[:1], going_on) == {"a": "reuse: done before the run was interrupted"}


def test_what_was_seen_and_is_another_is_done_again_by_the_run_that_did_it() -> None:
    did = known("a", seen=(Seen("file", "x.csv", "1"),))
    going_on = past(changed=lambda _task, _seen: True, done={"a": Done("s-a", did)})
    assert decided(CHAIN[:1], going_on) == {"a": "run: file x.csv changed"}


def test_what_other_code_used_as_a_whole_is_said_as_such() -> None:
    seen = [Seen("unseen", "what code in another environment used", "never")]
    assert barrier_of(seen) == "what code in another environment used cannot be seen, so it is run each time"
    assert barrier_of([Seen("unseen", "io_uring", "never")]) == "it used io_uring, which cannot be followed"
