"""The command line: a module for each command, and what they share.

May import all of the package; nothing imports it but `__main__`.
"""
