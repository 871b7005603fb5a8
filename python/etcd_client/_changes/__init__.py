"""Changes of keys that take several steps: compare and swap, sequential keys.

May import `_once` and what that may import.
"""
