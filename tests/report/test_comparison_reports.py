"""A comparison as lines and as a page: foreign text steers neither, and all that matters is there."""

import re

import polars as pl
import pytest

from pipeproof.data.comparing.compare import compare
from pipeproof.report.comparison_text import comparison_lines
from pipeproof.report.html.of_comparison import comparison_page

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


@pytest.fixture(scope="module")
def found():
    before = pl.DataFrame(
        {
            "id": range(400),
            "price": [float(n % 50) for n in range(400)],
            "day": pl.date_range(pl.date(2024, 1, 1), pl.date(2025, 2, 3), "1d", eager=True)[:400],
            "kind": [HOSTILE if n % 2 else "plain" for n in range(400)],
            "gone": 1,
            HOSTILE: 1,
        }
    )
    after = before.drop("gone").with_columns(
        price=pl.col("price") * 2 + 9,
        day=pl.col("day").dt.offset_by("1y"),
        kind=pl.when(pl.col("id") % 3 == 0).then(None).otherwise("kind"),
        id=pl.col("id").replace(7, 8),
    )
    return compare(before, after.with_columns(new=pl.lit("x")), "id", label="kind")


def test_lines_tell_columns_rows_drift_and_label_in_this_order(found):
    heads = [line.split()[0] for line in comparison_lines(found) if not line.startswith(" ")]
    assert heads == ["table", "columns", "rows", "drift", "label", "they"]


def test_lines_tell_what_moved_from_where_to_where(found):
    lines = "\n".join(comparison_lines(found))
    assert re.search(r"✗ price +median 24 → 57, mean 24\.5 → 58 +D 0\.\d\d +p < 1e-9", lines)
    assert re.search(r"✗ day +median 2024-07-18 → 2025-07-18", lines)
    assert re.search(r"✗ kind +missing 0 % → 34 % +h \d\.\d\d", lines)
    assert "0 → 1 keys stand in more than one row" in lines


def test_lines_hold_no_character_that_steers_a_terminal(found):
    assert not re.search(r"[\x00-\x1f\x7f\u202e]", "".join(comparison_lines(found)))


def test_a_page_escapes_whatever_is_in_the_tables(found):
    page = comparison_page(found)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page


def test_a_page_draws_both_distributions_of_a_column_that_drifted(found):
    page = comparison_page(found)
    assert page.count('class="overlaid"') == 2
    assert page.count('class="card"') == 3


def test_a_page_has_each_part_that_it_links_to(found):
    page = comparison_page(found)
    links = set(re.findall(r'href="#([a-z-]+)"', page))
    assert links == {"columns", "rows", "drift", "all", "label"}
    assert links <= set(re.findall(r'id="([a-z-]+)"', page))


def test_a_page_of_equal_tables_says_so():
    table = pl.DataFrame({"id": [1, 2]})
    assert "No difference found." in comparison_page(compare(table, table))
