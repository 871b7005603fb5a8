"""The rule that keeps the sources walkable: imports point downward, in no circle, from small rooms.

`make lint` runs `python -m scripts.architecture`; the order of the rooms is in `rooms.py`.
"""
