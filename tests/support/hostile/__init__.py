"""A server that answers what no etcd would, and what a client has to make of it.

`steps` are what it can send, `calls` what a client calls and what a healthy server answers;
`scenarios` are tables of both with what must come of it, `fields` makes scenarios of each field of
each answer, and `trial` tries one against the client.
"""
