"""From a pipeline to its trials, and from these to one plan; nothing is run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeproof.model.contract import Column, Contract, Port, Reference, TableSchema, Variable
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.step import Parameter, Resources, Retry, Step
from pipeproof.model.trial import Case
from pipeproof.plugins import Kinds
from pipeproof.steps.files import KIND as FILES
from pipeproof.steps.python import KIND as PYTHON
from pipeproof.steps.python import PythonConfig
from pipeproof.steps.sql import KIND as SQL
from pipeproof.steps.sql import SqlConfig
from pipeproof.steps.synthetic import KIND as SYNTHETIC
from pipeproof.testing.variant import LONGEST, MEMORY, plan_trials, unsealable
from pipeproof.testing.vary import ROWS, WHOLE_ROWS, Aim, aim_at, narrower, unknown_refusals, vary

KINDS = Kinds({kind.name: kind for kind in (FILES, PYTHON, SQL, SYNTHETIC)})
AGES = TableSchema((Column("age", "integer", nullable=True, minimum=0, maximum=120),))


def step(name="clean", schema=AGES, reads="people", **fields):
    plain = Contract(inputs={"x": Port("x", schema=schema)}, refuses=fields.pop("refuses", ()))
    contract = fields.pop("contract", plain)
    config = PythonConfig(function="code.py:f", inputs={"x": reads}, output_name=name)
    return Step(
        name, "python", config, inputs={"x": reads}, outputs={name: name}, contract=contract, **fields
    )


def query(name="total", reads="people"):
    config = SqlConfig(query_template=f"SELECT * FROM {reads}", output_name=name)
    return Step(name, "sql", config, inputs={reads: reads}, outputs={name: name})


def pipeline(*steps, schema=AGES, **sources):
    known = {"people": Source("people", "p.csv", schema=schema), **sources}
    return Pipeline("p", steps=steps, sources=known)


def trials(of, *chosen, aim=Aim()):  # noqa: B008 it is frozen
    return list(vary(of, KINDS, aim, chosen))


def only(variants, scenario):
    return [variant.trial for variant in variants if variant.trial.case.scenario == scenario]


# Which trials there are


def test_the_whole_comes_first_and_each_step_with_code_after_it():
    found = trials(pipeline(step("a"), query("b"), step("c", reads="a")))
    assert list(dict.fromkeys(variant.trial.step for variant in found)) == ["", "a", "c"]


def test_chosen_steps_are_tried_without_the_whole():
    found = trials(pipeline(step("a"), step("b")), "b")
    assert {(variant.trial.mode, variant.trial.step) for variant in found} == {("isolation", "b")}


def test_a_step_is_tried_on_ordinary_data_edges_and_one_broken_rule_at_a_time():
    found = trials(pipeline(step()), "clean")
    assert [trial.name for trial in only(found, "standard")] == ["clean.standard.1"]
    assert [trial.case.name for trial in only(found, "edge")] == [
        "nulls",
        "extremes",
        "empty",
        "one_row",
        "duplicates",
    ]
    assert [trial.case.name for trial in only(found, "malformed")] == [
        "missing_column",
        "type",
        "minimum",
        "maximum",
    ]


def test_trials_have_names_of_their_own():
    names = [variant.trial.name for variant in trials(pipeline(step("a"), step("b")))]
    assert len(set(names)) == len(names)


def test_rules_are_broken_that_the_step_itself_asks_for_and_not_those_of_the_maker():
    bare = replace(step(), contract=Contract())
    assert only(trials(pipeline(bare)), "malformed") == []


@pytest.mark.parametrize("refuses", ["minimum", "age", "age.minimum", "malformed"])
def test_what_the_contract_refuses_is_expected_to_be_refused(refuses):
    found = only(trials(pipeline(step(refuses=(refuses,)))), "malformed")
    assert {trial.expect for trial in found if trial.case.name == "minimum"} == {"refuse"}


def test_what_the_contract_does_not_refuse_is_noted():
    found = only(trials(pipeline(step(refuses=("age.minimum", "name")))), "malformed")
    assert {trial.case.name for trial in found if trial.expect == "note"} == {
        "missing_column",
        "type",
        "maximum",
    }


def test_only_the_dataset_of_the_case_is_peculiar():
    both = replace(step(), inputs={"x": "people", "y": "others"})
    (edge, *_) = [
        variant
        for variant in trials(pipeline(both, others=Source("others", "o.csv", schema=AGES)), "clean")
        if variant.trial.case.name == "nulls" and variant.trial.dataset == "others"
    ]
    assert edge.made["others"].config.case.name == "nulls"
    assert edge.made["people"].config.case.name == "standard"


# What cannot be tried


def test_a_source_that_nobody_describes_keeps_the_whole_from_being_tried():
    (whole, *_) = trials(pipeline(query(), schema=None))
    assert whole.trial.skipped == "people: no contract says what it is like, so it cannot be made"


def test_an_input_that_nobody_describes_keeps_its_step_from_being_tried():
    bare = replace(step(), contract=Contract())
    found = trials(pipeline(bare, schema=None), "clean")
    assert [variant.trial.skipped for variant in found] == [
        "x: no contract names its columns, so it cannot be made"
    ]


def test_an_input_that_is_no_table_keeps_its_step_from_being_tried():
    model = replace(step(), contract=Contract(inputs={"x": Port("x", format="folder")}))
    assert trials(pipeline(model), "clean")[0].trial.skipped == "x is a folder; only tables can be made"


def test_a_step_that_touches_the_world_is_not_tried():
    found = trials(pipeline(step(effects="external")), "clean")
    assert [variant.trial.skipped for variant in found] == [
        "it touches the world (effects: external), which cannot be redirected"
    ]


def test_external_effects_that_can_be_redirected_are_tried():
    copy = Step("copy", "files", effects="external")
    assert unsealable(copy, FILES) == ""


# What is made


def test_tables_have_so_many_rows_as_are_needed():
    few, many = replace(AGES, max_rows=7), replace(AGES, min_rows=1000)
    rows = {
        schema: trials(pipeline(step(schema=schema), schema=schema), "clean")[0].made["people"].config.rows
        for schema in (AGES, few, many)
    }
    assert rows == {AGES: ROWS, few: 7, many: 1200}


def test_sources_of_the_whole_have_rows_enough_for_filters_on_the_way():
    later = step("later", schema=replace(AGES, min_rows=1000), reads="clean")
    assert [
        trials(of)[0].made["people"].config.rows for of in (pipeline(step()), pipeline(step(), later))
    ] == [WHOLE_ROWS, 10_000]


def test_what_a_column_refers_to_is_made_before_it():
    refers = TableSchema((Column("who", "integer", references=Reference("people", "age")),))
    both = pipeline(step(), query(reads="visits"), visits=Source("visits", "v.csv", schema=refers))
    assert dict(trials(both)[0].made["visits"].inputs) == {"people": "people"}


def test_a_table_that_refers_to_itself_does_not_wait_for_itself():
    refers = TableSchema((*AGES.columns, Column("boss", "integer", references=Reference("people", "age"))))
    assert dict(trials(pipeline(query(), schema=refers))[0].made["people"].inputs) == {}


def test_the_seed_and_the_day_reach_what_is_made():
    config = trials(pipeline(step()), aim=Aim(7, "2020-02-02"))[0].made["people"].config
    assert (config.seed, config.around, config.name) == (7, "2020-02-02", "people")


@pytest.mark.parametrize(
    ("declared", "values", "around"),
    [
        ({"day": Parameter("day", "date")}, {"n": 1, "day": "2020-02-02"}, "2020-02-02"),
        ({}, {"partition_date": "2013-07-03"}, "2013-07-03"),
        ({"word": Parameter("word")}, {"word": "2020-02-02"}, ""),
        ({"day": Parameter("day", "date")}, {"day": None}, ""),
    ],
)
def test_dates_lie_around_the_first_parameter_that_is_a_date(declared, values, around):
    assert aim_at(Pipeline("p", parameters=declared), values, 3) == Aim(3, around)


def test_a_failed_edge_is_narrowed_down_to_each_column_that_it_is_about():
    schema = TableSchema((*AGES.columns, Column("id", "integer"), Column("name", nullable=True)))
    of = pipeline(step(schema=schema), schema=schema)
    (nulls, *_) = only(trials(of, "clean"), "edge")
    found = list(narrower(nulls, of, Aim()))
    assert [(variant.trial.name, variant.trial.case.column) for variant in found] == [
        ("clean.edge.1.1", "age"),
        ("clean.edge.1.2", "name"),
    ]


# One plan of all


def plan(of, *chosen):
    return plan_trials(of, vary(of, KINDS, Aim(), chosen), KINDS, {})


def test_a_plan_has_the_tasks_of_each_trial_under_its_name():
    names = {task.name for task in plan(pipeline(step(), query())).tasks if task.trial == "pipeline.standard"}
    assert names == {"pipeline.standard/people", "pipeline.standard/clean", "pipeline.standard/total"}


def test_tasks_wait_for_those_of_their_own_trial_and_bad_data_for_ordinary_ones():
    for task in plan(pipeline(step(), query(reads="clean"))).tasks:
        others = [need for need in task.needs if not need.startswith(f"{task.trial}/")]
        waits = ".malformed." in task.trial and task.step.name == "clean"
        assert others == (["clean.standard.1/clean"] if waits else [])


def referring(column, to, *, nullable=False):
    return TableSchema((Column(column, "integer", nullable=nullable, references=Reference(to, "id")),))


def test_tables_that_refer_to_each_other_do_not_wait_for_each_other():
    two = replace(step(), inputs={"x": "people", "y": "towns"})
    towns = Source("towns", "t.csv", schema=referring("chief", "people"))
    tasks = plan(pipeline(two, schema=referring("town", "towns"), towns=towns)).tasks
    waiting = {task.name: set(task.needs) for task in tasks}
    while ready := [name for name, needs in waiting.items() if not needs & set(waiting)]:
        for name in ready:
            del waiting[name]
    assert waiting == {}


def test_a_table_that_others_must_refer_to_is_not_empty_alone():
    two = replace(step(), inputs={"x": "people", "y": "towns"})
    towns = Source("towns", "t.csv", schema=referring("chief", "people"))
    emptied = [
        trial.dataset
        for trial in only(trials(pipeline(two, towns=towns)), "edge")
        if trial.case.name == "empty"
    ]
    assert emptied == ["towns"]


def test_a_contract_that_wants_more_rows_than_a_test_makes_is_left_out_with_the_reason():
    huge = replace(AGES, min_rows=10**9)
    found = trials(pipeline(step(schema=huge), schema=huge))
    assert all("at most" in variant.trial.skipped for variant in found)


def test_a_variable_that_is_needed_and_set_nowhere_has_a_value_in_a_trial():
    contract = replace(step().contract, environment=(Variable("PPF_NOWHERE_SET"),))
    task = plan(pipeline(step(contract=contract)))["clean.standard.1/clean"]
    assert task.step.environment["PPF_NOWHERE_SET"]


def test_a_refusal_that_is_no_rule_is_found():
    (finding,) = unknown_refusals(pipeline(step(refuses=("age.minimun",))))
    assert (finding.code, finding.fix) == ("PPF609", "did you mean 'age.minimum'?")


def test_code_of_a_trial_runs_once_in_a_clean_process_with_limits():
    task = plan(pipeline(step(retry=Retry(5), timeout=900.0)))["clean.standard.1/clean"]
    assert (task.isolation, task.step.retry.count) == ("fresh", 0)
    assert (task.step.timeout, task.step.resources.memory) == (120.0, MEMORY)


def test_without_a_timeout_of_its_own_a_step_has_that_of_tests():
    assert plan(pipeline(step()))["clean.standard.1/clean"].step.timeout == LONGEST


def test_limits_of_the_step_itself_count_where_they_are_less():
    own = step(timeout=2.0, resources=Resources(memory=1000))
    task = plan(pipeline(own))["clean.standard.1/clean"]
    assert (task.step.timeout, task.step.resources.memory) == (2.0, 1000)


def test_steps_of_our_own_stay_in_threads():
    assert plan(pipeline(query()))["pipeline.standard/total"].isolation == "thread"


def test_a_step_alone_is_held_against_what_it_promises_and_not_against_what_it_is_given():
    promises = Port("clean", schema=AGES)
    own = step()
    own = replace(own, contract=replace(own.contract, outputs={"clean": promises}))
    made = plan(pipeline(own))
    assert [check.side for check in made["clean.standard.1/clean"].checks] == ["output"]
    assert {check.halts for check in made["pipeline.standard/clean"].checks} == {False}


def test_in_the_whole_what_cannot_be_redirected_is_left_out():
    task = plan(pipeline(step(effects="external"), query()))["pipeline.standard/clean"]
    assert (task.decision, task.why) == (
        "skip",
        "it touches the world (effects: external), which cannot be redirected",
    )


def test_trials_that_are_skipped_have_no_tasks():
    made = plan(pipeline(step(), query(reads="others"), others=Source("others", "o.csv")))
    assert [trial.name for trial in made.trials if trial.skipped] == ["pipeline.standard"]
    assert "pipeline.standard" not in {task.trial for task in made.tasks}


def test_the_time_of_a_run_is_no_limit_of_a_test():
    assert plan(replace(pipeline(step()), timeout=5.0)).pipeline.timeout is None


def test_the_same_seed_makes_the_same_plan():
    assert plan(pipeline(step(), query())).tasks == plan(pipeline(step(), query())).tasks


def test_an_edge_that_is_no_longer_about_all_columns_is_not_narrowed_down():
    of = pipeline(step())
    (nulls, *_) = only(trials(of, "clean"), "edge")
    alone = replace(nulls, case=Case("edge", "nulls", "age"))
    assert list(narrower(alone, of, Aim())) == []


def test_where_no_input_has_rules_nothing_can_be_refused():
    bare = step(contract=Contract(refuses=("malformed",)))
    (finding,) = unknown_refusals(pipeline(bare))
    assert (finding.code, finding.fix) == ("PPF609", "give its inputs columns with rules")
