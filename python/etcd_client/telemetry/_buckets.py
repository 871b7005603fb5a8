"""The buckets of histograms."""

DURATIONS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Of durations, in seconds: finer than usual, because most calls take less than 5 ms."""
