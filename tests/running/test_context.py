"""What code logs through its context."""

from __future__ import annotations

import math
import os
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from pipeproof.errors import ContractError
from pipeproof.running.context import StepContext

CONTEXT = {"step": "s"}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (2.5, 2.5),
        (True, 1.0),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7.0),
        (np.array(1.5), 1.5),
        (Decimal("0.25"), 0.25),
        (Fraction(1, 4), 0.25),
        (math.inf, math.inf),
    ],
)
def test_a_metric_is_a_number_of_any_kind(value, number):
    context = StepContext(CONTEXT)
    context.log_metric("m", value)
    assert context.metrics == [{"name": "m", "value": number}]
    assert type(context.metrics[0]["value"]) is float


def test_a_metric_may_be_no_number():
    context = StepContext(CONTEXT)
    context.log_metric("m", math.nan)
    assert math.isnan(context.metrics[0]["value"])


@pytest.mark.parametrize("value", ["0.5", b"1", None, [1.0], {"a": 1}, np.array([1.0]), 1j, 10**400])
def test_anything_else_is_refused_with_the_name_of_the_metric(value):
    with pytest.raises(TypeError, match="the metric 'loss' must be one number"):
        StepContext(CONTEXT).log_metric("loss", value)


def test_nested_metrics_are_named_by_their_paths():
    context = StepContext(CONTEXT)
    context.log_metrics({"a": {"b": 1, "text": "x", "nan": math.nan}, "c": np.float64(2)})
    assert {metric["name"]: metric["value"] for metric in context.metrics} == {"a.b": 1.0, "c": 2.0}


def test_of_a_setting_that_is_logged_twice_the_last_one_counts():
    context = StepContext(CONTEXT)
    context.log_params({"depth": 3, "rate": 0.1, "how": ["a"]})
    context.log_param("depth", 4)
    assert context.params == {"depth": 4, "rate": 0.1, "how": "['a']"}


def test_where_nobody_answers_the_context_says_so():
    with pytest.raises(ContractError, match="PPF260"):
        StepContext(CONTEXT).data("x")


def test_a_process_that_the_step_has_started_cannot_log_into_nowhere():
    context = StepContext(CONTEXT)
    pid = os.fork()
    if pid == 0:
        try:
            context.log_metric("m", 1)
        except RuntimeError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
