"""Tests of the interface of python-etcd3."""
