"""Paths of API v2 and the keys of etcd v3 that stand for them.

A file `/a/b` is the key `/a/b`. A directory `/a` is the prefix `/a/`, and its marker is the key
`/a/` itself, which is there even if the directory is empty.
"""

from __future__ import annotations

import posixpath

from ._errors import EtcdValueError

ROOT = ""
# A transaction looks at everything above a path, and etcd allows it 128 operations.
_MOST_PARTS = 60


def encode(text: str) -> bytes:
    """Return the bytes of a key or a value.

    Args:
        text: The text, as `decode` returns it.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        message = f"expected text that UTF-8 can encode, got {text!r}"
        raise EtcdValueError(message) from error


def decode(data: bytes) -> str:
    """Return the text of a key or a value; bytes that are not UTF-8 become lone surrogates.

    Args:
        data: The bytes.
    """
    return data.decode("utf-8", "surrogateescape")


def path_of(key: object) -> str:
    """Return the path that a program names, as API v2 reads it; `ROOT` for the root.

    Args:
        key: What the program passes: a leading slash is added, repeated and trailing ones, `.` and
            `..` are resolved.
    """
    if not isinstance(key, str):
        message = f"key: expected str, got {type(key).__qualname__}"
        raise TypeError(message)
    path = posixpath.normpath("/" + key.lstrip("/"))
    encode(path)
    if path.count("/") > _MOST_PARTS:
        message = f"key: expected at most {_MOST_PARTS} parts, got {path.count('/')}"
        raise EtcdValueError(message)
    return ROOT if path == "/" else path


def shown(path: str) -> str:
    """Return the path as results show it.

    Args:
        path: The path.
    """
    return path or "/"


def file_key(path: str) -> bytes:
    """Return the key of a file.

    Args:
        path: Its path, not the root.
    """
    return encode(path)


def directory_key(path: str) -> bytes:
    """Return the key of a directory's marker, with which the keys of all that is in it begin.

    Args:
        path: Its path.
    """
    return encode(path) + b"/"


def path_of_key(key: bytes) -> tuple[str, bool]:
    """Return the path that a key stands for, and whether it is a directory.

    Args:
        key: A key that begins with a slash.
    """
    path = decode(key)
    return (path[:-1], True) if path.endswith("/") else (path, False)


def parent(path: str) -> str:
    """Return the directory that a path is in.

    Args:
        path: The path, not the root.
    """
    return path.rpartition("/")[0]


def ancestors(path: str) -> list[str]:
    """Return the directories that a path is in, from the root down.

    Args:
        path: The path; the root is in none.
    """
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def is_hidden(path: str, directory: str) -> bool:
    """Return whether listings and watches of a directory leave a path out.

    Args:
        path: The path, in the directory or equal to it.
        directory: The directory.
    """
    return "/_" in path[len(directory) :]
