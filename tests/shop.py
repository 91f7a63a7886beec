"""A small shop whose steps depend on their surroundings in every way that there is; tests change one of them."""

from __future__ import annotations

from pathlib import Path

WORKFLOW = """\
workflow:
  name: shop
  steps:
    - {name: price, type: python, config: {function: "lib/prices.py:price", inputs: [orders]}}
    - name: by_day
      type: sql
      config: {query_template: "SELECT day, sum(price) AS revenue FROM price GROUP BY day ORDER BY day"}
    - name: tax
      type: python
      retry_count: 1
      config: {function: "lib/tax.py:tax", inputs: [by_day]}
    - {name: label, type: python, config: {function: "lib/label.py:label", arguments: {mark: "*"}}}
    - {name: by_path, type: python, config: {function: "lib/world.py:by_path"}}
    - {name: region, type: python, config: {function: "lib/world.py:region"}}
    - {name: listing, type: python, config: {function: "lib/world.py:listing"}}
    - {name: override, type: python, config: {function: "lib/world.py:override"}}
    - {name: plug_in, type: python, config: {function: "lib/world.py:plug_in", arguments: {name: plugins.plain}}}
    - {name: recipe, type: python, config: {function: "lib/world.py:recipe"}}
    - {name: called, type: python, config: {function: "lib/world.py:called"}}
    - name: moded
      type: python
      config: {function: "lib/world.py:moded"}
      contract: {environment: {optional: {SHOP_MODE: fast}}}
    - {name: keyed, type: python, env: {SHOP_KEY: "${secret:SHOP_KEY}"}, config: {function: "lib/world.py:keyed"}}
    - {name: job, type: script, config: {script: scripts/job.py}, contract: {outputs: {out: {format: csv}}}}
    - {name: still, type: python, config: {function: "lib/still.py:still"}}
parameters: {rate: 0.5, title: spring, unused: 1}
sources: {orders: data/orders.csv}
"""

FILES = {
    "shop.yaml": WORKFLOW,
    "lib/__init__.py": "",
    "lib/rates.py": """\
        TAX = 0.2
        SPARE = 1

        class Rounding:
            digits = 2

            def round(self, number):
                return round(number, self.digits)
        """,
    "lib/helpers.py": """\
        from lib import rates

        def scale(number):
            return twice(number) * (1 + rates.TAX)

        def twice(number):
            return 2 * number

        def spare():
            return 0
        """,
    "lib/marks.py": """\
        def marked(function):
            def inner(mark, context):
                return function(mark, context) + "!"
            return inner
        """,
    "lib/prices.py": """\
        import polars as pl
        from lib.helpers import scale

        def price(orders, least=1):
            # What an order costs.
            return orders.with_columns(price=pl.max_horizontal(scale(pl.col("amount")), pl.lit(least)))
        """,
    "lib/tax.py": """\
        from lib.rates import Rounding

        class Tax(Rounding):
            def of(self, revenue, rate):
                return self.round(revenue * rate)

        def tax(by_day, rate):
            return [Tax().of(revenue, rate) for revenue in by_day["revenue"]]
        """,
    "lib/label.py": """\
        from lib.marks import marked

        @marked
        def label(mark, context):
            return mark + context.parameters["title"]
        """,
    "lib/world.py": """\
        import importlib
        import os
        import subprocess
        from pathlib import Path

        def by_path():
            return Path("data/terms.txt").read_text()

        def region():
            return os.environ.get("SHOP_REGION", "none")

        def listing():
            return [path.name for path in sorted(Path("data/notes").glob("*.txt"))]

        def override():
            path = Path("data/override.txt")
            return path.read_text() if path.exists() else "none"

        def plug_in(name):
            return importlib.import_module(name).value()

        def recipe():
            found = {}
            exec(Path("data/recipe.txt").read_text(), found)
            return found["value"]

        def called():
            return subprocess.run(["cat", "data/called.txt"], capture_output=True, text=True).stdout

        def moded():
            return os.environ.get("SHOP_MODE", "none")

        def keyed():
            return len(os.environ["SHOP_KEY"])
        """,
    "lib/still.py": "import colorsys\n\ndef still():\n    return colorsys.rgb_to_hls(0, 0, 0)\n",
    "plugins/__init__.py": "",
    "plugins/plain.py": "from plugins.words import WORD\n\ndef value():\n    return WORD\n",
    "plugins/words.py": "WORD = 'plain'\n",
    "plugins/other.py": "def value():\n    return 'other'\n",
    "scripts/job.py": """\
        from tools import line

        def main(input_paths, output_paths, environ_vars, job_args):
            with open(output_paths["out"], "w") as file:
                file.write(line())
        """,
    "scripts/tools.py": "def line():\n    return 'a\\n1\\n'\n",
    "data/orders.csv": "day,amount\n2026-01-01,1\n2026-01-01,2\n2026-01-02,4\n",
    "data/terms.txt": "30 days",
    "data/recipe.txt": "value = 3",
    "data/called.txt": "called",
    "data/notes/one.txt": "1",
}


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files below a folder, each with its text."""
    from textwrap import dedent

    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text))
