"""Saying what happened: text for people, JSON for programs."""
