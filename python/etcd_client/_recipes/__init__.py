"""Recipes: semaphores, read-write locks, barriers and counters, built of locks and changes.

May import `_coordination`, `_changes`, and what those may import.
"""
