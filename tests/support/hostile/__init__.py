"""A server that sends answers that no etcd would, and how the client must handle them.

`steps` is what it can send; `calls` is the client's calls with their healthy answers; `scenarios`
has tables of both with the expected outcomes; `fields` generates scenarios from each field of each
answer; and `trial` runs one scenario against the client.
"""
