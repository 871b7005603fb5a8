"""Recipes: what programs build of locks, sessions and changes of keys.

May import `_coordination`, `_changes`, and what those may import.
"""
