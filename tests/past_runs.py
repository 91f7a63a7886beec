"""A project with steps of every kind, whose runs are done again by tests."""

from __future__ import annotations

import textwrap
from pathlib import Path

WORKFLOW = """\
workflow:
  name: kinds
  seed: 7
  steps:
  - {name: table, type: python, config: {function: "steps.py:table", inputs: [orders]}}
  - {name: threaded, type: python, isolation: thread, config: {function: "steps.py:rows", inputs: [table]}}
  - {name: fresh, type: python, isolation: fresh, config: {function: "steps.py:rows", inputs: [table]}}
  - name: by_day
    type: sql
    config: {query_template: "SELECT day, sum(amount) AS amount FROM orders GROUP BY day ORDER BY day"}
  - name: large
    type: transform
    config: {input_name: table, transformations: [{type: filter, condition: "amount > {least}"}]}
  - name: job
    type: script
    config: {script: job.py, arguments: {least: "{least}"}}
    contract: {inputs: {table: {format: csv}}, outputs: {out: {format: csv}}}
  - {name: item, type: python, foreach: [a, b], config: {function: "steps.py:item"}}
  - {name: asks, type: python, config: {function: "steps.py:asks", inputs: [table]}}
  - {name: drawn, type: python, config: {function: "steps.py:drawn"}}
  - {name: keyed, type: python, env: {SHOP_KEY: "${secret:SHOP_KEY}"}, config: {function: "steps.py:keyed"}}
  - {name: out, type: files, config: {operation: copy, input_name: by_day, to: out}}
  - {name: send, type: script, effects: external, config: {script: send.py}, contract: {inputs: {by_day: {format: csv}}}}
parameters: {least: 1}
sources: {orders: orders.csv}
targets: {out: published/by_day.csv}
"""
FILES = {
    "kinds.yaml": WORKFLOW,
    "orders.csv": "day,amount\n2026-01-01,1\n2026-01-01,2\n2026-01-02,4\n",
    "terms.txt": "30 days",
    "steps.py": """\
        import os
        import random
        from pathlib import Path

        def table(orders):
            return orders

        def rows(table):
            return table.height

        def item(item):
            return item * 2

        def asks(table, context):
            context.log_metric("rows", table.height)
            return [context.result("table").step, context.datasets()["orders"].height]

        def drawn():
            return [random.random(), Path("terms.txt").read_text()]

        def keyed():
            return len(os.environ["SHOP_KEY"])
        """,
    "job.py": """\
        import shutil

        def main(input_paths, output_paths, environ_vars, job_args):
            print(f"at least {job_args.least}")
            shutil.copy(input_paths["table"], output_paths["out"])
        """,
    "send.py": """\
        from pathlib import Path

        def main(input_paths, output_paths, environ_vars, job_args):
            with Path("sent.txt").open("a") as file:
                file.write("sent ")
        """,
}
KEY = {"SHOP_KEY": "a-secret-of-the-shop"}


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder, each with its text."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
