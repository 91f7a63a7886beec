"""Parents: where they are found, how they merge, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import ConfigError, Location
from pipeproof.loading.inherit import merge, read_with_parents
from pipeproof.loading.loaded import Loaded
from pipeproof.loading.node import Node
from pipeproof.loading.places import Places, places_for

Load = Callable[..., Loaded]
HERE = Location("f.yaml", 1, 1)


def as_node(data: object) -> Node:
    if isinstance(data, dict):
        return Node({key: as_node(value) for key, value in data.items()}, HERE, dict.fromkeys(data, HERE))
    if isinstance(data, list):
        return Node([as_node(item) for item in data], HERE)
    return Node(data, HERE)


TREES = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abcde"), inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=12,
)
MAPS = st.dictionaries(st.sampled_from("abcde"), TREES, max_size=4)


@given(MAPS)
def test_a_child_that_says_nothing_changes_nothing(data: dict[str, object]) -> None:
    assert merge(as_node(data), as_node({})).plain == data


@given(MAPS)
def test_a_child_that_says_the_same_changes_nothing(data: dict[str, object]) -> None:
    assert merge(as_node(data), as_node(data)).plain == data


@given(MAPS, MAPS, MAPS)
def test_it_does_not_matter_which_of_three_generations_merge_first(
    old: dict[str, object], mid: dict[str, object], new: dict[str, object]
) -> None:
    first, second, third = as_node(old), as_node(mid), as_node(new)
    left = merge(merge(first, second), third).plain
    right = merge(first, merge(second, third)).plain
    # A list or a single value in the middle hides what the oldest says; only deep maps associate.
    if not _hides(mid, old, new):
        assert left == right


def _hides(mid: object, old: object, new: object) -> bool:
    if not (isinstance(mid, dict) and isinstance(old, dict) and isinstance(new, dict)):
        return isinstance(old, dict) and isinstance(new, dict)
    return any(_hides(mid[key], old.get(key), new.get(key)) for key in mid)


@given(MAPS, MAPS)
def test_every_value_of_the_child_holds(old: dict[str, object], new: dict[str, object]) -> None:
    merged = merge(as_node(old), as_node(new))
    for path, leaf in as_node(new).walk():
        found = merged.get(path)
        assert found is not None
        assert found.plain == leaf.plain


def test_steps_merge_by_name_in_the_order_of_the_parent() -> None:
    parent = as_node({"steps": [{"name": "a", "timeout": 1, "type": "sql"}, {"name": "b", "type": "sql"}]})
    child = as_node({"steps": [{"name": "c", "type": "sql"}, {"name": "a", "timeout": 2}]})
    assert merge(parent, child).plain["steps"] == [
        {"name": "a", "timeout": 2, "type": "sql"},
        {"name": "b", "type": "sql"},
        {"name": "c", "type": "sql"},
    ]


def test_other_lists_are_replaced() -> None:
    assert merge(as_node({"a": [1, 2]}), as_node({"a": [3]})).plain == {"a": [3]}


def test_a_key_without_a_value_takes_back_what_the_parent_says() -> None:
    assert merge(as_node({"a": 1, "b": {"c": 1, "d": 2}}), as_node({"a": None, "b": {"c": None}})).plain == {
        "b": {"d": 2}
    }


def test_a_key_without_a_value_stays_when_no_parent_has_it() -> None:
    assert merge(as_node({}), as_node({"a": None})).plain == {"a": None}


def test_a_value_remembers_all_that_it_overrode_nearest_first(write: Callable[..., Path]) -> None:
    folder = write(
        base="logging: {level: DEBUG}\n",
        middle="extends: base.yaml\nlogging: {level: INFO}\n",
        flow="extends: middle.yaml\nlogging: {level: ERROR}\n",
    )
    level = read_with_parents(folder / "flow.yaml", places_for(folder, {})).get(("logging", "level"))
    assert level is not None
    assert [over.value for over in level.over] == ["INFO", "DEBUG"]
    assert [Path(over.where.file).name for over in level.over] == ["middle.yaml", "base.yaml"]


def test_several_parents_merge_from_the_first_to_the_last(write: Callable[..., Path]) -> None:
    folder = write(
        one="a: 1\nb: 1\nc: 1\n",
        two="b: 2\nc: 2\n",
        flow="extends: [one.yaml, two.yaml]\nc: 3\n",
    )
    node = read_with_parents(folder / "flow.yaml", places_for(folder, {}))
    assert node.plain == {"a": 1, "b": 2, "c": 3}
    last = node.get(("c",))
    assert last is not None
    assert [over.value for over in last.over] == [2, 1]


@pytest.mark.parametrize(
    "key", ["extends: base.yaml", '"<<": base.yaml', "<<: [base.yaml]", "extends: [base.yaml]"]
)
def test_a_parent_is_named_by_extends_or_by_a_merge_key(write: Callable[..., Path], key: str) -> None:
    folder = write(base="a: 1\n", flow=f"{key}\nb: 2\n")
    assert read_with_parents(folder / "flow.yaml", places_for(folder, {})).plain == {"a": 1, "b": 2}


def test_a_parent_that_two_parents_share_is_no_cycle(write: Callable[..., Path]) -> None:
    folder = write(
        base="a: 1\n", x="extends: base.yaml\n", y="extends: base.yaml\n", flow="extends: [x.yaml, y.yaml]\n"
    )
    assert read_with_parents(folder / "flow.yaml", places_for(folder, {})).plain == {"a": 1}


@pytest.mark.parametrize(
    "place", ["configs/workflows/base/b.yaml", "configs/base/b.yaml", "base/b.yaml", "../space/base/b.yaml"]
)
def test_a_parent_is_looked_for_beside_the_file_then_in_configs_project_and_workspace(
    tmp_path: Path, place: str
) -> None:
    project, workspace = tmp_path / "project", tmp_path / "space"
    file = project / "configs/workflows/flow.yaml"
    parent = project / place
    for path, text in ((file, "extends: base/b.yaml\n"), (parent, "a: 1\n")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    places = Places(project, project / "configs", workspace)
    assert read_with_parents(file, places).plain == {"a": 1}


def test_a_missing_parent_names_every_place_that_was_tried(tmp_path: Path) -> None:
    file = tmp_path / "project/configs/workflows/flow.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("extends: base/b.yaml\n")
    project = tmp_path / "project"
    with pytest.raises(ConfigError) as caught:
        read_with_parents(file, Places(project, project / "configs", tmp_path / "space"))
    fix = caught.value.findings[0].fix
    for folder in (file.parent, project / "configs", project, tmp_path / "space"):
        assert str(folder / "base/b.yaml") in fix


def test_a_cycle_is_shown_as_a_circle(write: Callable[..., Path]) -> None:
    folder = write(a="extends: b.yaml\n", b="extends: c.yaml\n", c="extends: a.yaml\n")
    with pytest.raises(ConfigError) as caught:
        read_with_parents(folder / "a.yaml", places_for(folder, {}))
    finding = caught.value.findings[0]
    assert finding.code == "PPF112"
    assert finding.what.count("→") == 3


def test_problems_of_all_parents_are_reported_at_once(write: Callable[..., Path]) -> None:
    folder = write(x="a: [\n", y="b: 1\nb: 2\n", flow="extends: [x.yaml, y.yaml, z.yaml]\n")
    with pytest.raises(ConfigError) as caught:
        read_with_parents(folder / "flow.yaml", places_for(folder, {}))
    assert [finding.code for finding in caught.value.findings] == ["PPF101", "PPF106", "PPF111"]


def test_a_problem_in_a_merged_value_is_shown_in_the_file_that_says_it(load: Load) -> None:
    loaded = load(
        base="workflow:\n  name: x\n  timeout: soon\n",
        flow="extends: base.yaml\nworkflow:\n  steps: [{name: a, type: sql, config: {query_template: SELECT 1 AS x}}]\n",
    )
    where = loaded.findings[0].where
    assert where is not None
    assert (Path(where.file).name, where.line, where.column) == ("base.yaml", 3, 12)
