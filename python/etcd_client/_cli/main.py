"""Reads the arguments, runs a command, and ends as a well-behaved program does."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from etcd_client import _etcd_client
from etcd_client.errors import EtcdError, InvalidArgsError

from . import settings, snapshot, status, version, watch
from .check import command as check
from .output import Output

_FAILED = 1
_WRONG_USAGE = 2
# What a shell reports of a program that a signal has ended.
_INTERRUPTED = 128 + signal.SIGINT
# SIGPIPE, which Windows does not have.
_BROKEN_PIPE = 128 + 13

_COMMANDS = (check, status, watch, snapshot, version)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The arguments; those of the process by default.

    Returns:
        The exit code: 0, 1 for a failure, 2 for wrong usage, 130 after Ctrl-C.
    """
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Nobody reads on, as in `... | head`; Python would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return code


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if not hasattr(parsed, "run"):
        parser.print_help(sys.stderr)
        return _WRONG_USAGE
    output = Output(as_json=parsed.json)
    try:
        code: int = asyncio.run(parsed.run(parsed, output))
    except InvalidArgsError as error:
        output.error(settings.in_words_of_options(str(error), parsed))
        return _WRONG_USAGE
    except BrokenPipeError:
        raise
    except (EtcdError, OSError) as error:
        output.error(str(error) or type(error).__name__)
        return _FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m etcd_client",
        description="Look after an etcd cluster.",
        epilog="The environment variables of etcdctl are used for options that are not given.",
    )
    version_text = f"etcd-client-py {_etcd_client.__version__}"
    parser.add_argument("--version", action="version", version=version_text)
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands, common=_common())
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON")
    return common
