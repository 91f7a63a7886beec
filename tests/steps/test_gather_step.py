"""What the items of a step made becomes one dataset, of the kind and in the order of the items."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import polars as pl
import pytest

import pipeproof as pp
from pipeproof.project import Run

PIPELINE = """
workflow:
  name: gathering
  steps:
    - name: each
      type: python
      isolation: thread
      foreach: {items}
      config: {{function: "steps.py:each"}}
      {more}
"""

Gather = Callable[..., Run]


@pytest.fixture
def gather(tmp_path: Path) -> Gather:
    """Return what runs a function for each of some items, and gathers what they make."""

    def run(code: str, items: str = "[b, a]", more: str = "", **how: Any) -> Run:
        body = "def each(item, context):\n" + "\n".join(
            f"    {line}" for line in dedent(code).strip().splitlines()
        )
        (tmp_path / "steps.py").write_text(f"from pathlib import Path\nimport polars as pl\n\n{body}\n")
        (tmp_path / "gathering.yaml").write_text(PIPELINE.format(items=items, more=more))
        return pp.run(tmp_path / "gathering.yaml", **how)

    return run


def gathered(run: Run) -> Any:
    assert run, run
    made = run["each"].outputs["each"]
    return made.table().to_dicts() if made.artifact.kind == "table" else made.value


def test_values_become_a_list_in_the_order_of_the_items(gather: Gather) -> None:
    assert gathered(gather("return item.upper()")) == ["B", "A"]


def test_rows_say_which_item_they_are_of(gather: Gather) -> None:
    rows = gathered(gather("return pl.DataFrame({'n': [len(item)]})"))
    assert rows == [{"n": 1, "item": "b"}, {"n": 1, "item": "a"}]


def test_a_column_of_that_name_stays_as_the_step_made_it(gather: Gather) -> None:
    assert gathered(gather("return pl.DataFrame({'item': [7]})")) == [{"item": 7}, {"item": 7}]


def test_whole_numbers_and_others_become_one_column(gather: Gather) -> None:
    rows = gathered(gather("return pl.DataFrame({'n': [1 if item == 'a' else 0.5]})"))
    assert [row["n"] for row in rows] == [0.5, 1.0]


def test_files_lie_in_a_folder_named_by_their_items(gather: Gather, tmp_path: Path) -> None:
    run = gather(
        """
        path = Path(context.scratch) / "text.csv.gz"
        path.write_text(item)
        return path
        """
    )
    folder = run["each"].outputs["each"].save(tmp_path / "out")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a.csv.gz": "a", "b.csv.gz": "b"}


def test_files_and_folders_lie_side_by_side(gather: Gather, tmp_path: Path) -> None:
    run = gather(
        """
        path = Path(context.scratch) / "made"
        if item == "a":
            path.write_text("file")
        else:
            path.mkdir()
            (path / "inside.txt").write_text("folder")
        return path
        """
    )
    folder = run["each"].outputs["each"].save(tmp_path / "out")
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"a": "file", "b/inside.txt": "folder"}


def test_tables_that_do_not_fit_together_are_shown_with_their_items(gather: Gather) -> None:
    failure = gather("return pl.DataFrame({item: [1]})")["each"].record.failure
    assert failure is not None
    assert failure.code == "PPF569"
    assert "b has b Int64, item String; a has a Int64, item String" in failure.message


def test_data_of_different_kinds_are_refused(gather: Gather) -> None:
    failure = gather("return 1 if item == 'a' else pl.DataFrame({'n': [1]})")["each"].record.failure
    assert failure is not None
    assert failure.code == "PPF569"
    assert "different kinds of data for 'each': table, value" in failure.message


def test_no_items_make_an_empty_list(gather: Gather) -> None:
    assert gathered(gather("return 1", items="[]")) == []


def test_no_items_make_an_empty_table_where_a_contract_says_its_columns(gather: Gather) -> None:
    run = gather("return pl.DataFrame({'n': [1]})", items="[]", more="contract: {columns: {n: integer}}")
    table = run["each"].outputs["each"].table()
    assert table.height == 0
    assert table.schema["n"] == pl.Int64
