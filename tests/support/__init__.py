"""What the tests of this project need beyond `etcd_client.testing`; conftest makes fixtures of it.

- `gateway`: calls without the client under test; `truth`, `leftovers`: what a server really has
- `front`, `hostile`, `proxies`: what may stand between client and server, and misbehave
- `tls`: certificates; `auth`: users; `history`, `invariants`: what must hold under faults
- `matrix`: the etcd versions to test with; `run_etcd`: runs a command with its own etcd

Nothing in here uses the client, so that the tools do not share its defects.
"""
