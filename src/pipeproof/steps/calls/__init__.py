"""The child's side of step kinds: what calls the user's code.

Apart from the kinds, because every child imports it and must not pay for models and planning.
"""
