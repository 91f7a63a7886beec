"""A pipeline of another kind than flights, written after the test was: it passes, and planted defects are found."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

SENSORS = Path(__file__).parent / "sensors"
pytest.importorskip("pandas")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux"),
    pytest.mark.timeout(240),
]

# File, what stands there, what a defect puts in its place.
PLANTED = [
    ("sensors.yaml", "USING (device)", "ON d.device = r.device AND d.installed < DATE '2024-01-01'"),
    ("steps/hourly.py", 'pl.col("temperature").mean()', '(pl.col("temperature") * 1.8 + 32).mean()'),
    (
        "scripts/anomalies.py",
        'table["max_vibration"].astype(float)',
        'table["max_vibration"].astype(float) * table["model"].map(lambda model: {"A1": 1.0, "A2": 1.1}[model])',
    ),
    ("steps/summary.py", "    return {\n", '    return {\n        "top": float(worst["score"].iloc[0]),\n'),
]
# Code, step, column of what is found.
FOUND = {
    ("PPF308", "placed", ""),  # a join that loses rows
    ("PPF303", "hourly", "mean_temperature"),  # Fahrenheit where Celsius was
    ("PPF201", "anomalies", "model"),  # a model that a table of weights does not know
    ("PPF201", "anomalies", ""),  # and the same line on a table without rows
    ("PPF201", "summary", "score"),  # the first of no rows
}


def copy(folder: Path) -> None:
    shutil.copytree(SENSORS, folder, dirs_exist_ok=True)


def spoil(folder: Path) -> None:
    copy(folder)
    for name, there, instead in PLANTED:
        path = folder / name
        text = path.read_text()
        assert there in text
        path.write_text(text.replace(there, instead))


def test_the_healthy_pipeline_passes(proved_once):
    proved = proved_once("sensors", copy, "sensors.yaml")
    assert (proved.code, proved.findings(), proved.document["counts"]["skipped"]) == (0, [], 0)


def test_every_planted_defect_is_found_and_nothing_else(proved_once):
    proved = proved_once("sensors-spoilt", spoil, "sensors.yaml")
    assert {(f["code"], f["step"], f["column"]) for f in proved.findings()} == FOUND


def test_a_score_that_is_divided_by_nothing_is_found(proved_once):
    def divide(folder: Path) -> None:
        copy(folder)
        path = folder / "scripts/anomalies.py"
        path.write_text(
            path.read_text().replace("spread.where(spread > 0)).abs().fillna(0.0)", "spread).abs()")
        )

    proved = proved_once("sensors-divided", divide, "sensors.yaml")
    assert {(f["code"], f["step"], f["column"]) for f in proved.findings()} == {
        ("PPF303", "anomalies", "score")
    }
