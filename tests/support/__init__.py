"""The tools of the tests; `tests/conftest.py` makes fixtures of them.

- `server`, `cluster`: real etcd servers to start, kill, freeze, restart and partition
- `proxy`: a TCP proxy that drops, delays, swallows and resets
- `tls`: certificates; `gateway`: calls without the client under test; `metrics`: etcd's metrics
- `matrix`: the etcd versions to test with; `run_etcd`: runs a command with its own etcd

Nothing in here imports `etcd_client`, so that the tools do not share the client's defects.
"""
