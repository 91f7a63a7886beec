"""The flights pipeline passes its test, and each defect of its broken twin is found; no data are needed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("xgboost")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux"),
    pytest.mark.timeout(240),
]


def copy_flights(folder: Path) -> None:
    ignored = shutil.ignore_patterns("data", "output", ".pipeproof", "__pycache__")
    shutil.copytree(FLIGHTS, folder, ignore=ignored, dirs_exist_ok=True)
    (folder / "data").mkdir()


@pytest.fixture
def healthy(proved_once):
    return proved_once("flights", copy_flights, "flights")


@pytest.fixture
def broken(proved_once):
    return proved_once("flights-broken", copy_flights, "flights_broken")


def test_the_healthy_pipeline_passes_without_a_word(healthy):
    assert healthy.document["findings"] == []
    assert healthy.code == 0


def test_every_step_with_code_and_the_whole_were_tried_and_nothing_was_left_out(healthy):
    tried = {trial["step"] or trial["mode"] for trial in healthy.document["trials"]}
    assert tried == {"pipeline", "clean", "train", "evaluate"}
    assert healthy.document["counts"]["skipped"] == 0


def test_data_held_on_every_edge_but_that_of_the_model_which_is_no_table(healthy):
    seen = {(edge["dataset"], edge["seen"]) for edge in healthy.document["edges"]}
    assert {dataset for dataset, how in seen if how != "holds"} == {"model"}


# Code, step, edge, column, some words of the advice.
DEFECTS = [
    ("PPF152", "alert", ["score", "alert"], "late_probability", "cast it, or change one contract"),
    ("PPF201", "encode", None, "origin", "the contract allows 'LGA' for origin"),
    ("PPF201", "evaluate", None, "late", "the contract allows missing values in late"),
    ("PPF207", "report_day", None, "", "write to output_paths['worst']"),
    ("PPF243", "remember", None, "", "write below output_paths"),
    ("PPF301", "clean", None, "wind_speed", "the table has 'wind_spd': rename it"),
    ("PPF302", "clean", None, "flight", "write them as the contract says"),
    ("PPF303", "clean", None, "distance", "has a unit changed?"),
    ("PPF308", "with_planes", None, "", "look for an inner join"),
    ("PPF603", "train", None, "", "required: [MODEL_REGISTRY]"),
]


def test_the_ten_defects_of_the_twin_are_found_and_nothing_else(broken):
    found = [(one["code"], one["step"], one["edge"], one["column"]) for one in broken.findings()]
    assert sorted(found, key=lambda one: one[:2] + one[3:]) == [defect[:4] for defect in DEFECTS]


@pytest.mark.parametrize(("code", "step", "column", "advice"), [(d[0], d[1], d[3], d[4]) for d in DEFECTS])
def test_each_defect_of_the_twin_comes_with_what_to_do(broken, code, step, column, advice):
    (fix,) = [
        one["fix"]
        for one in broken.findings()
        if (one["code"], one["step"], one["column"]) == (code, step, column)
    ]
    assert advice in fix


@pytest.mark.parametrize(
    ("step", "file"),
    [
        ("encode", "scripts/broken/encode.py"),
        ("evaluate", "scripts/broken/evaluate.py"),
        ("train", "scripts/broken/train.py"),
        ("remember", "scripts/broken/remember.py"),
        ("with_planes", "configs/workflows/flights_broken.yaml"),
    ],
)
def test_a_defect_of_the_twin_has_its_place(broken, step, file):
    (finding,) = [one for one in broken.findings() if one["step"] == step]
    assert finding["where"]["file"].endswith(file)
    assert finding["where"]["line"] > 1
