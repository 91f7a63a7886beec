"""A profile as lines and as a page: what matters is said, and nothing given can steer either."""

import base64
import hashlib
import re
from itertools import pairwise

import polars as pl
import pytest

import pipeproof.data as ppd
from pipeproof.data.profiling.sizes import Sizes
from pipeproof.report.html.of_profile import profile_page
from pipeproof.report.profile_text import profile_lines, spark
from pipeproof.report.profile_words import scalar_words, score_words
from pipeproof.report.quantities import percent
from pipeproof.report.style import Style

NASTY = "</script><script>alert(1)</script>\x1b[31m"


@pytest.fixture(scope="module")
def profile():
    table = pl.DataFrame(
        {
            "id": range(60),
            "city": ["Paris"] * 30 + ["Berlin"] * 29 + ["berlin"],
            "delay": [None, *range(-29, 30)],
            "twice": [float(n * 2) for n in range(60)],
            "email": [f"p{n}@example.com" for n in range(60)],
            "year": [2013] * 60,
            NASTY: [NASTY] * 59 + ["x"],
        }
    )
    return ppd.profile(table)


@pytest.fixture(scope="module")
def lines(profile):
    return list(profile_lines(profile))


def line_of(lines, name):
    return next(line for line in lines if line.strip().startswith(name))


def test_the_first_line_says_how_large_and_how_good_the_table_is(lines):
    assert re.fullmatch(r"table · 60 rows · 7 columns · quality 0\.9\d\d", lines[0])


def test_a_part_that_was_not_measured_says_why(lines):
    assert line_of(lines, "validity").endswith("not measured: no contract says what is valid")


def test_a_part_says_what_lowered_it(lines):
    assert "delay: 1 of 60 values missing" in line_of(lines, "completeness")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("id", "unique  "),
        ("city", "Paris 50 %, Berlin 48 %, berlin 2 % · 1.7 % spelled otherwise"),
        ("delay", "-29 … 29 · median 0"),
        ("email", "not shown: email"),
        ("year", "always 2013"),
    ],
)
def test_a_column_is_said_in_a_line(lines, name, says):
    assert says in line_of(lines, f"{name} ")


def test_keys_and_what_goes_together_are_said(lines):
    assert line_of(lines, "keys").split() == ["keys", "id,", "email"]
    assert "twice ~ id +1.00" in line_of(lines, "correlated")


def test_a_sketch_says_how_far_it_may_be_off():
    table = pl.DataFrame({"x": pl.int_range(3000, eager=True).shuffle(1) * 0.37})
    told = ppd.profile(table, sizes=Sizes(chunk=500, bins=64, hashes=128))
    last = list(profile_lines(told))[-1]
    assert "standard error of 8.9 %" in last
    assert "quantiles are off by at most" in last


def test_text_in_a_terminal_cannot_be_steered_by_the_data(lines):
    assert "\x1b" not in "\n".join(lines)
    assert "\x1b" in "\n".join(profile_lines(ppd.profile({"a": [1]}), Style(colour=True)))


def test_a_histogram_in_a_line_has_its_highest_bin_full_and_its_empty_ones_blank():
    assert spark([0, 1, 50, 100]) == " ▁▅█"
    assert spark([]) == ""


def test_only_what_is_perfect_is_said_to_be():
    assert (score_words(1.0), score_words(0.99996)) == ("1.000", "0.999")
    assert (percent(1 / 10_000), percent(9_999 / 10_000), percent(1 / 3)) == ("<0.1 %", ">99.9 %", "33 %")


def test_years_are_said_without_a_comma_and_large_numbers_with_one():
    assert [scalar_words(value) for value in (2013, 12_345, 0.12345, True, None)] == [
        "2013",
        "12,345",
        "0.123",
        "true",
        "—",
    ]


def test_the_page_shows_parts_columns_and_what_goes_together(profile, read):
    text = read(profile_page(profile)).text
    for said in ("Completeness", "not measured", "spelled otherwise", "Rank correlations", "tell rows apart"):
        assert said in text


def test_the_page_holds_no_private_value(profile):
    assert "@example.com" not in profile_page(profile)


def test_nothing_in_the_page_can_run_but_our_script(profile, read):
    page = profile_page(profile)
    policy = next(a["content"] for t, a in read(page).tags if a.get("http-equiv"))
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert [tag for tag, _ in read(page).tags].count("script") == 1


def test_people_who_hear_the_page_find_their_way(profile, read):
    tags = read(profile_page(profile)).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert [tag for tag, _ in tags].count("table") == [tag for tag, _ in tags].count("caption")
    assert all(a.get("role") == "img" or a.get("aria-hidden") == "true" for tag, a in tags if tag == "svg")


@pytest.mark.parametrize(
    "table", [{}, {"a": []}, {"a": [None, None]}, {"a": [[1], []], "b": [{"x": 1}, None]}]
)
def test_tables_with_little_in_them_have_a_page_and_lines(table, read):
    told = ppd.profile(table)
    assert "table" in read(profile_page(told)).text
    assert next(profile_lines(told)).startswith("table · ")


def test_a_page_says_that_an_end_bin_holds_what_lies_far_out_and_tells_few_from_none(read):
    amounts = [-1.0] + [float(n % 100) for n in range(3_000)] + [999_999.0]
    told = read(profile_page(ppd.profile(pl.DataFrame({"amount": amounts})))).text
    assert "to 999,999" in told
    assert "<0.1 %" in told
    assert re.search(r"… 999,999|-1 999,999", told) is None
