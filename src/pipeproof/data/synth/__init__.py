"""Made data: tables from a schema, by name and seed (`make_table`)."""

from pipeproof.data.synth.table import AROUND, make_table

__all__ = ["AROUND", "make_table"]
