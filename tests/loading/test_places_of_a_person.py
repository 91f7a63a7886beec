"""What a person names as a pipeline without thinking."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.errors import UsageError
from pipeproof.loading.places import find_pipeline_file
from pipeproof.project import examine


def test_no_name_means_the_project_from_any_folder_inside_of_it(tmp_path: Path) -> None:
    workflow = tmp_path / "configs" / "workflows" / "shop.yaml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("workflow: {}\n")
    (tmp_path / "data").mkdir()
    assert find_pipeline_file(".", tmp_path / "data").resolve() == workflow


def test_a_python_file_alone_is_not_read_as_yaml(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text("x = 1\n")
    with pytest.raises(UsageError, match=r"flow\.py:pipeline"):
        find_pipeline_file("flow.py", tmp_path)


def test_a_misspelt_required_key_is_one_problem_and_hides_what_follows_from_it(tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("a\n1\n")
    (tmp_path / "flow.yaml").write_text(
        "sources: {raw: raw.csv}\n"
        "workflow: {name: flow, steps: [{name: a, type: sql, config: {query_templat: SELECT 1 AS x FROM raw}}]}\n"
    )
    assert [finding.code for finding in examine(tmp_path / "flow.yaml").findings] == ["PPF103"]
