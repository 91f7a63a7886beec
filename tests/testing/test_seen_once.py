"""The same thing seen in several trials is one finding."""

from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import Finding
from pipeproof.model.trial import STANDARD, Case, Trial
from pipeproof.testing.seen import UNKNOWN, Seen, merge

EMPTY = Case("edge", "empty", says="a table without rows")
NULLS = Case("edge", "nulls", says="missing values in every column")
BAD = Case("malformed", "type", "age", says="age: a text")
WHOLE = Trial("pipeline.standard", "pipeline")


def alone(case=STANDARD, number=1):
    return Trial(f"clean.{case.scenario}.{number}", "isolation", "clean", case)


def seen(trial, what="it fails", key="k", column="", about="", evidence=""):
    return Seen(key, Finding("PPF201", what, step="clean", column=column, evidence=evidence), trial, about)


def told(*items, blamed=()):
    (finding,) = merge(items, {"clean": 9}, blamed)
    return finding


def told_all(*items, blamed=()):
    return list(merge(items, {"clean": 9}, blamed))


def test_what_differs_is_told_apart_in_the_order_in_which_it_was_seen():
    items = [seen(alone(), key="b", what="b"), seen(alone(), key="a", what="a")]
    assert [finding.what for finding in merge(items, {})] == ["b", "a"]


def test_the_cases_that_show_it_are_named_and_counted():
    finding = told(seen(alone(EMPTY)), seen(alone(NULLS)))
    assert finding.evidence == (
        "seen with a table without rows, missing values in every column (2 of 9 scenarios)"
    )


def test_more_than_four_cases_are_counted():
    cases = [Case("edge", str(number), says=f"case {number}") for number in range(6)]
    assert "case 3 and 2 more (6 of 9 scenarios)" in told(*map(seen, map(alone, cases))).evidence


def test_ordinary_data_say_enough():
    assert told(seen(alone(EMPTY)), seen(alone())).evidence == "seen with ordinary data (2 of 9 scenarios)"


def test_the_whole_pipeline_alone_and_with_others_is_named():
    assert told(seen(WHOLE)).evidence == "seen in the whole pipeline"
    both = told(seen(WHOLE), seen(alone()))
    assert both.evidence == "seen with ordinary data (1 of 9 scenarios) and the whole pipeline"


def test_what_ordinary_data_show_is_told_before_what_edges_show():
    assert told(seen(alone(EMPTY), "on no rows"), seen(alone(), "always")).what == "always"


def test_a_finding_that_names_a_column_is_told_before_one_that_does_not():
    assert told(seen(alone(EMPTY)), seen(alone(NULLS), "on nulls", column="age")).what == "on nulls"


def test_a_step_that_fails_alone_too_is_the_cause_itself():
    finding = told(seen(WHOLE, evidence=f"line\n{UNKNOWN}"), seen(alone(), evidence="line"))
    assert UNKNOWN not in finding.evidence


def test_a_cause_that_is_known_is_told_although_the_step_fails_alone_too():
    finding = told(seen(WHOLE, evidence="cause: clean dropped age"), seen(alone()))
    assert finding.evidence.startswith("cause: clean dropped age")


def test_the_column_that_is_to_blame_is_told_with_the_others():
    one = Case("edge", "nulls", "age", "missing values in age")
    blamed = [seen(alone(one), "on age", column="age"), seen(alone(one), "on name", column="name")]
    finding = told(seen(alone(NULLS)), blamed=blamed)
    assert (finding.what, finding.column) == ("on age", "age")
    assert finding.evidence.splitlines()[0] == "the same with name"


def test_columns_of_another_fault_are_not_to_blame():
    assert told_all(seen(alone(NULLS)), blamed=[seen(alone(), key="other", column="age")])[0].column == ""


def test_another_fault_that_only_single_columns_show_is_told_too():
    found = told_all(seen(alone(NULLS)), blamed=[seen(alone(), key="other", column="age")])
    assert [finding.column for finding in found] == ["", "age"]


def test_what_bad_data_show_is_listed_once_each():
    items = [seen(alone(BAD, number), about=f"{number % 2} → out") for number in range(4)]
    assert told(*items).evidence.splitlines() == [
        "0 → out",
        "1 → out",
        "seen with bad data (4 of 9 scenarios)",
    ]


def test_a_long_list_ends_with_a_number():
    items = [seen(alone(BAD, number), about=f"{number} → out") for number in range(30)]
    lines = told(*items).evidence.splitlines()
    assert lines[-2] == f"and {30 - (len(lines) - 2)} more"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([STANDARD, EMPTY, NULLS, BAD]))))
def test_each_key_is_told_once_and_none_is_lost(pairs):
    items = [seen(alone(case), what=key, key=key) for key, case in pairs]
    assert [finding.what for finding in merge(items, {})] == list(dict.fromkeys(key for key, _ in pairs))
