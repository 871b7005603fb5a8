"""Programs written for other clients run after a change of their import line: a module for each.

May import all of the package's public names. Nothing imports it.
"""
