"""Draws the charts of the documentation from the results in benches/README.md: `make generate`.

The colours are readable on light and on dark pages, as code hosts and package pages show the files
on either.
"""
