"""Software transactional memory: what a function reads and writes takes effect at once.

May import `_once` and what that may import.
"""
