"""Software transactional memory: the writes of a function take effect atomically.

May import `_once` and what that may import.
"""
