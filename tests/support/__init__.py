"""What the tests need around the client; `tests/conftest.py` makes fixtures of it.

- `server`, `cluster`: real etcd servers to start, kill, freeze, restart and cut off
- `proxy`: a TCP proxy that drops, delays, swallows and cuts
- `tls`: certificates; `gateway`: calls past the client under test; `metrics`: etcd's own view
- `matrix`: the etcd versions to test on; `run_etcd`: a command beside an etcd of its own

Nothing in here imports `etcd_client`: a defect of the client must not hide in its test tools.
"""
