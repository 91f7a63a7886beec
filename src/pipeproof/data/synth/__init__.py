"""Made data: tables from a schema, by name and seed; `make_table` for one, `generating.generate` for contracts."""

from pipeproof.data.synth.table import AROUND, Recipe, make_table

__all__ = ["AROUND", "Recipe", "make_table"]
