"""Reuse is exact: after each change just the steps run again that it can make a difference to, and they say why.

One shop (`tests/shop.py`) is run once and copied for each row, with all that is kept of it; then one thing is changed.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import pipeproof as pp
import shop
from pipeproof.cli import main

WORKFLOW = "shop.yaml"
STEPS = re.findall(r"name: (\w+)(?:,|$)", shop.WORKFLOW, re.MULTILINE)[1:]


@dataclass(frozen=True)
class Shop:
    """A copy of the shop that was run, to be changed."""

    folder: Path
    environment: pytest.MonkeyPatch

    def edit(self, name: str, old: str, new: str) -> None:
        """Exchange a text in a file; it must be there."""
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        shop.write(self.folder, {name: text})

    def move(self, old: str, new: str) -> None:
        """Rename a file."""
        (self.folder / old).rename(self.folder / new)

    def set(self, name: str, value: str) -> None:
        """Set an environment variable."""
        self.environment.setenv(name, value)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of the shop, which was run."""
    folder = tmp_path_factory.mktemp("shop") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEY", "sesame-opens")
        patch.setenv("SHOP_MODE", "fast")
        shop.write(folder, shop.FILES)
        patch.chdir(folder)
        assert pp.run(WORKFLOW)
        yield folder


@pytest.fixture
def copied(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a copy of the shop, as another checkout is one."""
    folder = tmp_path / "shop"
    shutil.copytree(kept, folder)
    monkeypatch.chdir(folder)
    return Shop(folder, monkeypatch)


@dataclass(frozen=True)
class Row:
    """A change, and what comes of it.

    Attributes:
        name: What is changed.
        change: Does it.
        runs: Step → why it ran, as the record says it; those that wait for a step which is run say so before.
        parameters: Parameters of the run.
    """

    name: str
    change: Callable[[Shop], object] = lambda _shop: None
    runs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


AFTER_PRICE = {"by_day": "price changed", "tax": "by_day changed"}
NO_DIFFERENCE = [
    Row("nothing"),
    Row("a comment", lambda shop: shop.edit("lib/prices.py", "# What an order costs.", "# The price.")),
    Row(
        "layout of code",
        lambda shop: shop.edit("lib/prices.py", "(orders, least=1)", "(\n    orders, least=1\n)"),
    ),
    Row(
        "a docstring",
        lambda shop: shop.edit(
            "lib/helpers.py", "(number):\n    return 2", "(number):\n    'Twice.'\n    return 2"
        ),
    ),
    Row("a function beside", lambda shop: shop.edit("lib/helpers.py", "return 0", "return 9")),
    Row("a constant beside", lambda shop: shop.edit("lib/rates.py", "SPARE = 1", "SPARE = 2")),
    Row("a module that nobody imports", lambda shop: shop.edit("plugins/other.py", "'other'", "'others'")),
    Row("a new module", lambda shop: shop.put("lib/more.py", "MORE = 1\n")),
    Row("a parameter that nobody uses", parameters={"unused": 2}),
    Row("a variable that nobody asks for", lambda shop: shop.set("SHOP_OTHER", "x")),
    Row("the time of a file", lambda shop: os.utime(shop.folder / "data/terms.txt")),
    Row(
        "the content of a file in a folder that is listed", lambda shop: shop.put("data/notes/one.txt", "11")
    ),
    Row(
        "layout and comments of SQL",
        lambda shop: shop.edit(WORKFLOW, "SELECT day, sum(", "select  day, /* all */ SUM("),
    ),
    Row(
        "tries and time",
        lambda shop: shop.edit(
            WORKFLOW, "retry_count: 1", "retry_count: 2\n      timeout: 99\n      description: x"
        ),
    ),
    Row(
        "fresh instead of worker",
        lambda shop: shop.edit(WORKFLOW, "{name: label,", "{name: label, isolation: fresh,"),
    ),
    Row(
        "thread instead of worker",
        lambda shop: shop.edit(WORKFLOW, "{name: label,", "{name: label, isolation: thread,"),
    ),
    Row("order of the file", lambda shop: shop.put(WORKFLOW, shop_upside_down())),
    Row("a step is taken away", lambda shop: shop.edit(WORKFLOW, shop_line("still"), "")),
    Row(
        "limits of a step",
        lambda shop: shop.edit(WORKFLOW, "{name: job,", "{name: job, resources: {memory: 1GB},"),
    ),
    Row("a group", lambda shop: shop.edit(WORKFLOW, "{name: label,", "{name: label, group: g,")),
]
CODE = [
    Row(
        "a helper",
        lambda shop: shop.edit("lib/helpers.py", "(1 + rates.TAX)", "(2 + rates.TAX)"),
        {"price": "code lib/helpers.py:scale changed", **AFTER_PRICE},
    ),
    Row(
        "a helper's helper",
        lambda shop: shop.edit("lib/helpers.py", "2 * number", "3 * number"),
        {"price": "code lib/helpers.py:twice changed", **AFTER_PRICE},
    ),
    Row(
        "a helper that comes to the same",
        lambda shop: shop.edit("lib/helpers.py", "2 * number", "number + number"),
        {"price": "code lib/helpers.py:twice changed"},
    ),
    Row(
        "a constant in another module",
        lambda shop: shop.edit("lib/rates.py", "TAX = 0.2", "TAX = 0.3"),
        {"price": "code lib/rates.py:TAX changed", **AFTER_PRICE},
    ),
    Row(
        "a class attribute",
        lambda shop: shop.edit("lib/rates.py", "digits = 2", "digits = 0"),
        {"tax": "code lib/rates.py:Rounding changed"},
    ),
    Row(
        "a method of a base class",
        lambda shop: shop.edit("lib/rates.py", "self.digits)", "self.digits) + 1"),
        {"tax": "code lib/rates.py:Rounding changed"},
    ),
    Row(
        "a default argument",
        lambda shop: shop.edit("lib/prices.py", "least=1", "least=5"),
        {"price": "code lib/prices.py:price changed", **AFTER_PRICE},
    ),
    Row(
        "a decorator",
        lambda shop: shop.edit("lib/marks.py", '"!"', '"?"'),
        {"label": "code lib/marks.py:marked changed"},
    ),
    Row(
        "a decorator is taken away",
        lambda shop: shop.edit("lib/label.py", "@marked\n", ""),
        {
            "label": "code lib/label.py:label changed, code lib/label.py:marked is gone, code lib/marks.py:marked is gone"
        },
    ),
    Row(
        "code that a module runs as it is imported",
        lambda shop: shop.edit("lib/marks.py", "def marked", "print()\n\ndef marked"),
        {"label": "code lib/label.py:<order> is new, code lib/marks.py:<module> is new"},
    ),
    Row(
        "a module is renamed",
        lambda shop: (
            shop.move("lib/marks.py", "lib/signs.py"),
            shop.edit("lib/label.py", "lib.marks", "lib.signs"),
        ),
        {
            "label": "code lib/label.py:marked changed, code lib/marks.py:marked is gone, code lib/signs.py:marked is new"
        },
    ),
    Row(
        "a file is moved",
        lambda shop: (shop.move("lib/still.py", "still.py"), shop.edit(WORKFLOW, "lib/still.py", "still.py")),
        {
            "still": "code lib/still.py:colorsys is gone, code lib/still.py:still is gone, "
            "code still.py:colorsys is new and 2 more"
        },
    ),
    Row(
        "a file of the project takes the place of a library",
        lambda shop: shop.put("colorsys.py", "def rgb_to_hls(*rgb): return 0\n"),
        {"still": "code colorsys.py:rgb_to_hls is new"},
    ),
    Row(
        "a script",
        lambda shop: shop.edit("scripts/job.py", "line()", "line() + '2\\n'"),
        {"job": "code scripts/job.py:main changed"},
    ),
    Row(
        "a helper of a script",
        lambda shop: shop.edit("scripts/tools.py", "1", "2"),
        {"job": "code scripts/tools.py:line changed"},
    ),
    Row(
        "a plug-in by name",
        lambda shop: shop.edit("plugins/words.py", "plain", "fancy"),
        {"plug_in": "module plugins/words.py changed"},
    ),
    Row(
        "another plug-in by name",
        lambda shop: shop.edit(WORKFLOW, "plugins.plain", "plugins.other"),
        {"plug_in": "config arguments.name: plugins.plain → plugins.other"},
    ),
]
WORLD = [
    Row(
        "a file that is opened by path",
        lambda shop: shop.edit("data/terms.txt", "30", "60"),
        {"by_path": "file data/terms.txt changed"},
    ),
    Row(
        "a file that is opened by path is gone",
        lambda shop: shop.move("data/called.txt", "data/other.txt"),
        {"called": "file data/called.txt changed"},
    ),
    Row(
        "code in a file that is executed",
        lambda shop: shop.edit("data/recipe.txt", "3", "4"),
        {"recipe": "file data/recipe.txt changed"},
    ),
    Row(
        "a file that a program reads",
        lambda shop: shop.put("data/called.txt", "CALLED"),
        {"called": "file data/called.txt changed"},
    ),
    Row(
        "a folder that is listed",
        lambda shop: shop.put("data/notes/two.txt", "2"),
        {"listing": "listing of data/notes changed"},
    ),
    Row(
        "a file that was missing",
        lambda shop: shop.put("data/override.txt", "o"),
        {"override": "data/override.txt has appeared"},
    ),
    Row(
        "a variable that is asked for",
        lambda shop: shop.set("SHOP_REGION", "north"),
        {"region": "variable SHOP_REGION changed"},
    ),
    Row(
        "a variable that is declared",
        lambda shop: shop.set("SHOP_MODE", "slow"),
        {"moded": "variable SHOP_MODE changed"},
    ),
    Row(
        "a secret", lambda shop: shop.set("SHOP_KEY", "sesame-shuts"), {"keyed": "variable SHOP_KEY changed"}
    ),
    Row("a parameter by its name", parameters={"rate": 0.6}, runs={"tax": "parameter rate: 0.5 → 0.6"}),
    Row(
        "a parameter by the context",
        parameters={"title": "autumn"},
        runs={"label": "parameter title changed"},
    ),
    Row(
        "a source",
        lambda shop: shop.edit("data/orders.csv", ",4", ",7"),
        {"orders": "file data/orders.csv changed", "price": "orders changed", **AFTER_PRICE},
    ),
    Row(
        "a source with the same rows",
        lambda shop: shop.edit("data/orders.csv", "\n", "\r\n"),
        {"orders": "file data/orders.csv changed"},
    ),
]
FILE = [
    Row(
        "an argument",
        lambda shop: shop.edit(WORKFLOW, 'mark: "*"', 'mark: "+"'),
        {"label": "config arguments.mark: * → +"},
    ),
    Row(
        "SQL",
        lambda shop: shop.edit(WORKFLOW, "sum(price)", "max(price)"),
        {
            "by_day": "config query_template: SELECT day, SUM(price) AS revenue FROM … → SELECT day, MAX(price) AS revenue FROM …",
            "tax": "by_day changed",
        },
    ),
    Row(
        "the dialect of SQL",
        lambda shop: shop.edit(
            WORKFLOW, "config: {query_template", "config: {dialect: postgres, query_template"
        ),
        {"by_day": "config dialect is new: postgres"},
    ),
    Row(
        "the time in SQL",
        lambda shop: shop.edit(WORKFLOW, "SELECT day", "SELECT now() AS n, day"),
        {"by_day": "its query gives something else each time: now()", "tax": "by_day changed"},
    ),
    Row(
        "a step is renamed",
        lambda shop: shop.edit(WORKFLOW, "name: still", "name: calm"),
        {"calm": "it has not passed yet"},
    ),
    Row(
        "a step is added",
        lambda shop: shop.edit(
            WORKFLOW,
            shop_line("still"),
            shop_line("still") + shop_line("still").replace("name: still", "name: more"),
        ),
        {"more": "it has not passed yet"},
    ),
    Row(
        "the seed",
        lambda shop: shop.edit(WORKFLOW, "name: shop\n", "name: shop\n  seed: 3\n"),
        {step: "seed: 0 → 3" for step in STEPS if step != "by_day"},
    ),
    Row(
        "cache: false",
        lambda shop: shop.edit(WORKFLOW, "{name: still,", "{name: still, cache: false,"),
        {"still": "it says cache: false"},
    ),
    Row(
        "effects: external",
        lambda shop: shop.edit(WORKFLOW, "{name: still,", "{name: still, effects: external,"),
        {"still": "it touches the world (effects: external)"},
    ),
    Row(
        "version: always",
        lambda shop: shop.edit(
            WORKFLOW, "orders: data/orders.csv", "orders: {path: data/orders.csv, version: always}"
        ),
        {"orders": "it is read anew each time (version: always)"},
    ),
    Row(
        "the contract of the writer",
        lambda shop: shop.edit(
            WORKFLOW,
            "inputs: [orders]}}",
            "inputs: [orders]}, contract: {outputs: {price: {columns: {price: {min: 0}, day: {}}}}}}",
        ),
        {"price": "its contract is new"},
    ),
    Row(
        "the contract of a source",
        lambda shop: shop.edit(
            WORKFLOW,
            "orders: data/orders.csv",
            "orders: {path: data/orders.csv, contract: {columns: {amount: {min: 0}}}}",
        ),
        {"orders": 'config schema.columns is new: [{"minimum":0,"name":"amount"}]'},
    ),
]


def shop_line(step: str) -> str:
    return next(line for line in shop.WORKFLOW.splitlines(keepends=True) if f"{{name: {step}," in line)


def shop_upside_down() -> str:
    lines = shop.WORKFLOW.splitlines(keepends=True)
    return "".join([*lines[-2:], *lines[:-2]])


def ran(run: pp.Run) -> Mapping[str, str]:
    return {name: step.why for name, step in run.record.steps.items() if step.status != "reused"}


@pytest.mark.parametrize("row", NO_DIFFERENCE, ids=lambda row: row.name)
def test_nothing_runs_again_when_what_was_changed_makes_no_difference(copied: Shop, row: Row) -> None:
    row.change(copied)
    plan = pp.plan(WORKFLOW, row.parameters)
    assert {task.name: task.why for task in plan.tasks if task.decision != "reuse"} == {}


@pytest.mark.slow
@pytest.mark.parametrize("row", [*CODE, *WORLD, *FILE], ids=lambda row: row.name)
def test_just_what_a_change_concerns_runs_again_and_says_why(copied: Shop, row: Row, capsys: Any) -> None:
    row.change(copied)
    plan = pp.plan(WORKFLOW, row.parameters)
    said = {
        task.name: explained(task.name, row.parameters, capsys)
        for task in plan.tasks
        if task.decision != "reuse"
    }
    run = pp.run(WORKFLOW, row.parameters)
    assert ran(run) == row.runs
    assert {name: line for name, line in said.items() if "is undecided" not in line} == {
        name: f"{name} would run: {why}" for name, why in row.runs.items() if "is undecided" not in said[name]
    }


def explained(step: str, parameters: Mapping[str, Any], capsys: Any) -> str:
    """Return the first line that `pipeproof cache explain` prints."""
    given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
    assert main(["cache", "explain", WORKFLOW, step, *given]) == 0
    return str(capsys.readouterr().out.splitlines()[0])
