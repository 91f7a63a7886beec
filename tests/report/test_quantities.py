"""Numbers as people read them, and text as wide as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.report.cells import clean, cut, pad, width
from pipeproof.report.quantities import count, exact_percent, number, percent, seconds, size, whole_percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0 s"),
        (9.44, "9.4 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
        (12_000, "3 h 20 min"),
    ],
)
def test_durations(value, text):
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999_700, "1 MB"),
        (61_000, "61 kB"),
        (212e6, "212 MB"),
        (1.44e9, "1.4 GB"),
        (5e13, "50.0 TB"),
    ],
)
def test_sizes(value, text):
    assert size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.7412, "0.741"),
        (3.0, "3"),
        (27_004.0, "27,004"),
        (1234.56, "1,235"),
        (1e300, "1e+300"),
        (-0.5, "-0.5"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_metrics(value, text):
    assert number(value) == text


@given(st.floats())
def test_every_metric_can_be_said_in_a_few_characters(value):
    assert len(number(value)) <= 20


@pytest.mark.parametrize(("amount", "text"), [(0, "0 tries"), (1, "1 try"), (2, "2 tries")])
def test_a_noun_agrees_with_its_amount(amount, text):
    assert count(amount, "try") == text


@given(st.text(), st.integers(1, 40))
def test_cut_text_is_never_wider_than_asked(text, cells):
    assert width(cut(text, cells)) <= cells


@given(st.text(max_size=20), st.integers(0, 40))
def test_padded_text_is_as_wide_as_asked_or_as_the_text(text, cells):
    assert width(pad(text, cells)) == max(width(text), cells)


@given(st.text())
def test_clean_text_holds_no_control_characters_but_tabs_and_line_ends(text):
    assert not {c for c in clean(text) if (ord(c) < 32 or 127 <= ord(c) < 160) and c not in "\t\n"}


def test_wide_characters_count_twice_and_combining_ones_not_at_all():
    assert width("数据") == 4
    assert width("e\u0301") == 1


@pytest.mark.parametrize(
    ("share", "texts"),
    [
        (0, ("0 %", "0 %", "0 %")),
        (0.000003, ("<0.1 %", "0 %", "0.0003 %")),
        (0.0214, ("2.1 %", "2 %", "2.1 %")),
        (1 / 3, ("33 %", "33 %", "33.3 %")),
        (0.9999, (">99.9 %", "100 %", "100.0 %")),
        (1, ("100 %", "100 %", "100.0 %")),
    ],
)
def test_shares(share, texts):
    assert (percent(share), whole_percent(share), exact_percent(share)) == texts
