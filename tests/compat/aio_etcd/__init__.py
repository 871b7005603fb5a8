"""Tests of python-aio-etcd's interface, with programs of our own."""
