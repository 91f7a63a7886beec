"""Hooks in a plan: where they stand, what they wait for, and what is wrong with them before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeproof.model.contract import frozen
from pipeproof.model.each import Each
from pipeproof.model.hook import Hook, Hooks
from pipeproof.model.order import ANY
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan
from pipeproof.model.step import Step
from pipeproof.planning.hooks_rules import hooks_that_cannot_be
from pipeproof.planning.make import make_plan
from pipeproof.plugins import Kinds
from pipeproof.steps.python import PythonConfig

NOTE = Hook("hooks.py:note")


def step(name: str, *reads: str, **fields: Any) -> Step:
    inputs = frozen({dataset: dataset for dataset in reads})
    return Step(name, "python", PythonConfig(f"steps:{name}"), inputs, frozen({name: name}), **fields)


def plan(*steps: Step, **moments: tuple[Hook, ...]) -> Plan:
    pipeline = Pipeline("p", steps=steps, hooks=Hooks(**moments))
    return make_plan(pipeline, Kinds(), source_step=lambda source: step(source.name))


def order(made: Plan) -> list[str]:
    return [task.name for task in made.tasks]


def test_a_pipeline_without_hooks_has_none():
    assert order(plan(step("a"), step("b", "a"))) == ["a", "b"]


def test_hooks_of_a_step_stand_around_it():
    made = plan(step("a", before=(NOTE, NOTE), after=(NOTE,)), step("b", "a"))
    assert order(made) == ["a@before", "a@before.2", "a", "a@after", "b"]
    assert made["a"].needs == ("a@before", "a@before.2")
    assert made["a@after"].lets["a"] == ANY
    assert made["b"].needs == ("a",)


def test_hooks_of_each_step_and_of_the_run_stand_around_all():
    made = plan(step("a"), before_run=(NOTE,), after_run=(NOTE,), after_step=(NOTE,), on_failure=(NOTE,))
    assert order(made) == ["run@before", "a", "a@after", "run@failure", "run@after"]
    assert made["a"].needs == ("run@before",)
    assert made["run@after"].needs == ("run@before", "a", "a@after")


def test_a_hook_before_waits_for_what_its_step_waits_for_under_the_same_condition():
    made = plan(step("a"), step("b", "a", when="metrics.a.x > 1", before=(NOTE,)))
    assert (made["b@before"].needs, made["b@before"].asks) == (("a",), "metrics.a.x > 1")


def test_hooks_of_a_step_with_items_stand_around_all_of_them():
    made = plan(step("a", each=Each((1, 2)), before=(NOTE,), after=(NOTE,)))
    assert order(made) == ["a@before", "a[1]", "a[2]", "a", "a@after"]
    assert made["a[2]"].needs == ("a@before",)


def test_a_step_that_is_skipped_has_no_hooks():
    assert order(plan(step("a", when="false", before=(NOTE,), after=(NOTE,)))) == ["a"]


@pytest.mark.parametrize(
    ("hook", "moment", "excused"),
    [
        (NOTE, "before_step", False),
        (NOTE, "after_step", True),
        (Hook("hooks.py:note", required=False), "before_step", True),
        (Hook("hooks.py:note", required=True), "after_step", False),
    ],
)
def test_hooks_before_are_required_and_those_after_are_not_unless_said(hook, moment, excused):
    made = plan(step("a"), **{moment: (hook,)})
    assert bool(made[f"a@{moment.removesuffix('_step')}"].excuse) is excused


def test_hooks_touch_the_world_unless_they_say_otherwise():
    made = plan(step("a", before=(NOTE, Hook("hooks.py:note", effects="none"))))
    assert [made[name].step.effects for name in ("a@before", "a@before.2")] == ["external", "none"]


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("hooks.py:note", ""),
        ("hooks.py:Other", ""),
        ("some.module:note", ""),
        ("hooks.py", ""),
        ("hooks.py:noet", "has no function 'noet'; did you mean 'note'?"),
        ("gone.py:note", "there is no file gone.py"),
        ("gone.py", "there is no file gone.py"),
        ("note", "which is neither"),
    ],
)
def test_a_hook_that_is_not_there_is_told(tmp_path: Path, function, says):
    (tmp_path / "hooks.py").write_text("def note(event): ...\nclass Other: ...\n")
    pipeline = Pipeline("p", steps=(step("a", after=(Hook(function),)),), root=str(tmp_path))
    found = [f"{finding.code} {finding.what}; {finding.fix}" for finding in hooks_that_cannot_be(pipeline)]
    assert len(found) == bool(says)
    assert all("PPF570" in one and says in one for one in found)
