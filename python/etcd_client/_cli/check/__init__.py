"""`check`: what is wrong with endpoints and their cluster, and what to do about it.

Each step tells what it has found; a step that fails ends those that depend on it.
"""
