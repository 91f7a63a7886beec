"""Conditions: what is understood, what is refused and where, and what an answer says that it saw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import ConfigError
from pipeproof.model.condition import Reference, UnknownValueError, read_condition, references_of

VALUES = {
    "parameters.full": False,
    "parameters.day": "2026-01-31",
    "metrics.evaluate.auc": 0.71,
    "metrics.evaluate.val.loss": 1.5,
    "status.train": "failed",
    "rows(prep.train)": 1_000,
    "value(settings)": {"least": 0.7, "names": ["a", "b"]},
    "item": "EWR",
    "iteration": 3,
}


def look(reference: Reference):
    if str(reference) not in VALUES:
        raise UnknownValueError(f"{reference} is not there")
    return VALUES[str(reference)]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("metrics.evaluate.auc > 0.7", True),
        ("metrics.evaluate.auc > 0.75", False),
        ("metrics.evaluate.val.loss == 1.5", True),
        ('metrics["evaluate"]["auc"] < 1', True),
        ("0.7 < metrics.evaluate.auc <= 0.71", True),
        ("not parameters.full", True),
        ("parameters.full or rows(prep.train) >= 1_000", True),
        ("parameters.full and metrics.nobody.knows > 1", False),
        ("status.train in ['failed', 'skipped']", True),
        ("status.train not in ('failed', 'skipped')", False),
        ('rows("prep.train") % 7 == 6', True),
        ("-rows(prep.train) // 3 + 1.5 * 2 - 4 / 2 == -333", True),
        ("value(settings)['least'] < metrics.evaluate.auc", True),
        ("len(value(settings)['names']) == 2", True),
        ("max(abs(-3), min(1, 2)) == 3 and round(2.4) == 2", True),
        ("round(metrics.evaluate.auc, 1) == 0.7 and round(1234, -2) == 1200", True),
        ("parameters.full == false and true != null", True),
        ("parameters.day >= '2026-01-01'", True),
        ("item == 'EWR' and iteration < 4", True),
        ("metrics.evaluate.auc > 0.7\n  and not parameters.full", True),
    ],
)
def test_a_condition_is_answered_from_what_it_asks_for(text, holds):
    assert read_condition(text).answer(look).holds is holds


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("metrics.evaluate.auc > 0.75", "metrics.evaluate.auc 0.71 > 0.75 is false"),
        ("parameters.full", "parameters.full is false"),
        ("not parameters.full", "parameters.full is false"),
        (
            "parameters.full and rows(prep.train) > 1",
            "parameters.full false and rows(prep.train) > 1 is false",
        ),
        ("status.train ==\n  'failed'", "status.train 'failed' == 'failed' is true"),
        ("'é' != parameters.day", "'é' != parameters.day '2026-01-31' is true"),
    ],
)
def test_an_answer_says_what_it_saw(text, why):
    assert read_condition(text).answer(look).why == why


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("metrics.a.b >", 1, None, "invalid syntax"),
        ("step > 1", 1, 1, "'step' is not known here"),
        ("rows(a) > 1\n and  x", 2, 7, "'x' is not known here"),
        ("'é' == metric.a.b", 1, 8, "'metric' has no parts"),
        ("metrics.a > 1", 1, 1, "metrics needs a step and a name"),
        ("metrics.my-step.auc > 1", 1, 1, "metrics needs a step and a name"),
        ("parameters.a.b", 1, 1, "parameters needs one name"),
        ("1 < 2 if true else false", 1, 1, "IfExp is not understood"),
        ("(lambda: 1)()", 1, 1, "only rows(DATASET)"),
        ("row(a) > 1", 1, 1, "there is no function 'row'"),
        ("__import__('os').system('id')", 1, 1, "only rows(DATASET)"),
        ("rows(a, b)", 1, 1, "it needs the name of one dataset"),
        ("2 ** 99 > 1", 1, 1, "this sign is not understood"),
        ("parameters.x is None", 1, 1, "`is` is not understood"),
        ("[x for x in value(a)]", 1, 1, "ListComp is not understood"),
        ("f'{parameters.a}'", 1, 1, "JoinedStr is not understood"),
        ("...", 1, 1, "is no text, number or truth"),
        ("", 1, 1, "invalid syntax"),
        ("1 " * 2_000, 1, 1, "at most 2,000 characters"),
        ("(" * 900 + "1" + ")" * 900, 1, None, ""),
        ("-" * 101 + "1 < 0", 1, None, "nested too deeply"),
    ],
)
def test_what_is_no_condition_is_refused_at_its_place(text, line, column, says):
    with pytest.raises(ConfigError) as caught:
        read_condition(text)
    (finding,) = caught.value.findings
    assert finding.code == "PPF563"
    assert says in finding.what
    assert finding.where is not None
    assert finding.where.line == line
    assert column in {None, finding.where.column}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("metrics.nobody.knows > 1", "metrics.nobody.knows is not there"),
        ("parameters.day > 1", "TypeError"),
        ("'a' * 1000000000 == ''", "* needs numbers"),
        ("[1] * 1000000000 == []", "* needs numbers"),
        ("1 / (rows(prep.train) - 1000) > 0", "ZeroDivisionError"),
        ("value(settings)['most'] > 1", "KeyError"),
        ("len(rows(prep.train)) > 1", "TypeError"),
        ("round(7, -999999999) == 0", "round keeps 400 digits at most"),
        ("round(7.5, 999999999) == 0", "round keeps 400 digits at most"),
        ("1" * 900 + " * " + "1" * 900 + " > 0", "the number is too large"),
    ],
)
def test_what_has_no_answer_is_told_and_not_guessed(text, says):
    with pytest.raises(ConfigError, match="cannot be answered") as caught:
        read_condition(text).answer(look)
    assert caught.value.findings[0].code == "PPF565"
    assert says in caught.value.findings[0].what


def test_it_is_known_early_when_it_asks_for_parameters_alone():
    assert read_condition("parameters.a and item == 'x'").is_known_early
    assert not read_condition("parameters.a and status.b == 'passed'").is_known_early


def test_what_a_condition_asks_for_is_known_with_its_place():
    found = references_of("parameters.full and\n rows(prep.train) > metrics.evaluate.auc")
    assert [(str(item), item.line, item.column) for item in found] == [
        ("parameters.full", 1, 1),
        ("rows(prep.train)", 2, 2),
        ("metrics.evaluate.auc", 2, 21),
    ]


def test_a_condition_that_cannot_be_read_asks_for_nothing():
    assert references_of("metrics.a.b >") == ()


def codes_of(text: str) -> set[str]:
    """Return what is told of a condition when it is read and answered."""
    try:
        assert read_condition(text).answer(look).why
    except ConfigError as error:
        return {finding.code for finding in error.findings}
    return set()


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    assert codes_of(text) <= {"PPF563", "PPF565"}


EXPRESSIONS = st.recursive(
    st.sampled_from(["1", "2.5", "'a'", "true", "parameters.full", "rows(prep.train)", "value(settings)"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "<", "==", "in", "+", "*", "%"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda text: f"(not {text})"),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_whatever_is_understood_is_answered_or_told(text):
    assert codes_of(text) <= {"PPF565"}
