"""Queues whose items are claimed on a session, and committed exactly once.

May import `_coordination`, `_cache`, and what those may import.
"""
