"""Contracts in the languages that others speak, one module or folder each; all are spellings of `model.contract`."""
