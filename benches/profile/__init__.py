"""How many instructions this client executes for an operation, and in which functions.

Instructions are counted by valgrind's callgrind. Unlike times, the numbers hardly change from run
to run, whatever else the machine does.
"""
