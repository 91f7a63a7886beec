"""Realistic values: lists of words written by hand, what is put together from them, and which column wants which."""

from pipeproof.data.synth.pools.choosing import pool_for
from pipeproof.data.synth.pools.made import Pool

__all__ = ["Pool", "pool_for"]
