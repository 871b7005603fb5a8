"""Runs a command with its own etcd: `python -m tests.support.run_etcd -- command ...`.

The command finds the server's URL in `ETCD_ENDPOINT`; its exit code is passed on.
"""

import argparse
import os
import subprocess
import sys

from etcd_client.testing import EtcdServer


def main() -> int:
    """Start etcd, run the command, stop etcd."""
    parser = argparse.ArgumentParser(prog="run_etcd", description=__doc__)
    parser.add_argument("command", nargs="+", help="what to run, after `--`")
    command = parser.parse_args().command
    with EtcdServer() as server:
        environment = {**os.environ, "ETCD_ENDPOINT": server.endpoint}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
