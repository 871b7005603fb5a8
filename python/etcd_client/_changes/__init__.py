"""Writes that take several requests: compare and swap, sequential keys.

May import `_once` and what that may import.
"""
