"""Holding tables against contracts, in one reading however many rules there are."""
