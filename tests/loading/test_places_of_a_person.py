"""What a person names as a pipeline without thinking."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.errors import UsageError
from pipeproof.loading.places import find_pipeline_file


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
