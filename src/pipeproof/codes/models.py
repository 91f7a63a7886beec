"""Codes of models, PPF4xx."""

from __future__ import annotations

from pipeproof.codes.code import Code

MODELS: tuple[Code, ...] = ()
