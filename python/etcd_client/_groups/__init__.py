"""Groups: their members, and partitions that the members share out.

May import `_coordination`, `_cache`, and what those may import.
"""
