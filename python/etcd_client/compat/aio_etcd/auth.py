"""Users, roles and authentication as python-aio-etcd has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import etcd_client as v3

from ._errors import EtcdException, translated
from ._paths import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .client import Client

_ROOT = "root"
_TYPES = {
    "R": v3.PermissionType.READ,
    "W": v3.PermissionType.WRITE,
    "RW": v3.PermissionType.READWRITE,
}
_LETTERS = {kind: letters for letters, kind in _TYPES.items()}


class EtcdAuthBase:
    """What users and roles have in common.

    Args:
        client: The client; changes need the role `root` once authentication is enabled.
        name: The name.
    """

    entity: ClassVar[str]
    """What it is: `user` or `role`."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name

    async def _auth(self) -> v3.Auth:
        if not isinstance(self.name, str) or not self.name:
            message = f"{self.entity}: expected a name, got {self.name!r}"
            raise EtcdException(message)
        return (await self.client._communicator()).auth  # noqa: SLF001 - ours


class EtcdUser(EtcdAuthBase):
    """A user: `read` it, change its `roles` or `password`, `write` it.

    Args:
        client: The client.
        name: The name.

    Examples:
        >>> from urllib.parse import urlsplit
        >>> import etcd_client.compat.aio_etcd as etcd
        >>> client = etcd.Client(port=urlsplit(endpoint).port)
        >>> user = etcd.auth.EtcdUser(client, "reader")
        >>> user.password = "secret"
        >>> await user.write()
        >>> await user.get_names()
        ['reader']
        >>> await user.delete()
        >>> client.close()
    """

    entity = "user"

    def __init__(self, client: Client, name: str) -> None:
        super().__init__(client, name)
        self._roles: set[str] = set()
        self._password: str | None = None

    @property
    def roles(self) -> set[str]:
        """The names of its roles."""
        return self._roles

    @roles.setter
    def roles(self, roles: Iterable[str]) -> None:
        self._roles = set(roles)

    @property
    def password(self) -> None:
        """A password to be written; it cannot be read."""
        return

    @password.setter
    def password(self, password: str) -> None:
        self._password = password

    async def get_names(self) -> list[str]:
        """Return the names of all users."""
        with translated():
            return list((await (await self._auth()).user_list()).users)

    async def read(self) -> None:
        """Read its roles.

        Raises:
            EtcdKeyNotFound: There is no such user.
            EtcdInsufficientPermissions: The client's user may not read it.
        """
        with translated():
            self._roles = set((await (await self._auth()).user_get(self.name)).roles)

    async def write(self) -> None:
        """Create it, or change its roles and, if one was set, its password.

        Raises:
            EtcdKeyNotFound: There is no such role; `root` is made if it is missing.
            EtcdInsufficientPermissions: The client's user may not change it.
        """
        password, self._password = self._password, None
        with translated():
            auth = await self._auth()
            present: set[str] = set()
            try:
                present = set((await auth.user_get(self.name)).roles)
            except v3.UserNotFoundError:
                await auth.user_add(self.name, password, no_password=password is None)
            else:
                if password is not None:
                    await auth.user_change_password(self.name, password)
            if self.name == _ROOT:
                # In API v2, it has that role from the start.
                self._roles.add(_ROOT)
            for role in sorted(self._roles - present):
                if role == _ROOT:
                    await _make_root_role(auth)
                await auth.user_grant_role(self.name, role)
            for role in sorted(present - self._roles):
                await auth.user_revoke_role(self.name, role)

    async def delete(self) -> None:
        """Delete it.

        Raises:
            EtcdKeyNotFound: There is no such user.
            EtcdInsufficientPermissions: The client's user may not delete it.
        """
        with translated():
            await (await self._auth()).user_delete(self.name)

    def __str__(self) -> str:
        return json.dumps({"user": self.name, "password": None, "roles": sorted(self._roles)})


class EtcdRole(EtcdAuthBase):
    """A role: `read` it, change its `acls`, `write` it.

    A path that ends with `*` stands for all keys that begin with what is before it.

    Args:
        client: The client.
        name: The name.

    Examples:
        >>> from urllib.parse import urlsplit
        >>> import etcd_client.compat.aio_etcd as etcd
        >>> client = etcd.Client(port=urlsplit(endpoint).port)
        >>> role = etcd.auth.EtcdRole(client, "reading")
        >>> role.acls = {"/nodes/*": "R"}
        >>> await role.write()
        >>> await role.read()
        >>> role.acls
        {'/nodes/*': 'R'}
        >>> await role.delete()
        >>> client.close()
    """

    entity = "role"

    def __init__(self, client: Client, name: str) -> None:
        super().__init__(client, name)
        self._paths: dict[str, set[str]] = {}

    @property
    def acls(self) -> dict[str, str]:
        """Paths with `R`, `W` or `RW`."""
        return {path: "".join(sorted(letters)) for path, letters in self._paths.items() if letters}

    @acls.setter
    def acls(self, acls: Mapping[str, str]) -> None:
        self._paths = {}
        for path, permission in acls.items():
            self.grant(path, permission)

    def grant(self, path: str, permission: str) -> None:
        """Add a permission, to be written.

        Args:
            path: The path.
            permission: `R`, `W` or `RW`.
        """
        self._paths.setdefault(path, set()).update(set(permission) & {"R", "W"})

    def revoke(self, path: str, permission: str) -> None:
        """Remove a permission, to be written.

        Args:
            path: The path.
            permission: `R`, `W` or `RW`.
        """
        self._paths.get(path, set()).difference_update(permission)

    async def get_names(self) -> list[str]:
        """Return the names of all roles."""
        with translated():
            return list((await (await self._auth()).role_list()).roles)

    async def read(self) -> None:
        """Read its permissions.

        Raises:
            EtcdKeyNotFound: There is no such role.
            EtcdInsufficientPermissions: The client's user may not read it.
            EtcdException: It has permissions for a range of keys that no path stands for.
        """
        with translated():
            self.acls = await self._present(await self._auth())

    async def write(self) -> None:
        """Create it, or change its permissions.

        Raises:
            EtcdInsufficientPermissions: The client's user may not change it.
        """
        with translated():
            auth = await self._auth()
            present: dict[str, str] = {}
            try:
                present = await self._present(auth)
            except v3.RoleNotFoundError:
                await auth.role_add(self.name)
            wanted = self.acls
            for path in present.keys() - wanted.keys():
                key, is_prefix = _key(path)
                await auth.role_revoke_permission(self.name, key, prefix=is_prefix)
            for path, letters in wanted.items():
                if present.get(path) != letters:
                    key, is_prefix = _key(path)
                    await auth.role_grant_permission(
                        self.name, _TYPES[letters], key, prefix=is_prefix
                    )

    async def delete(self) -> None:
        """Delete it.

        Raises:
            EtcdKeyNotFound: There is no such role.
            EtcdInsufficientPermissions: The client's user may not delete it.
        """
        with translated():
            await (await self._auth()).role_delete(self.name)

    async def _present(self, auth: v3.Auth) -> dict[str, str]:
        permissions = (await auth.role_get(self.name)).permissions
        return {_path(permission): _letters(permission) for permission in permissions}

    def __str__(self) -> str:
        return json.dumps({"role": self.name, "acls": self.acls})


class Auth:
    """Whether authentication is enabled.

    Args:
        client: The client.
    """

    def __init__(self, client: Client) -> None:
        self.client = client

    async def get_active(self) -> bool:
        """Return whether it is."""
        with translated():
            auth = (await self.client._communicator()).auth  # noqa: SLF001 - ours
            return (await auth.status()).enabled

    async def set_active(self, value: bool) -> None:
        """Enable or disable it.

        Args:
            value: Whether it shall be enabled; the user `root` must exist, and gets the role.

        Raises:
            EtcdInsufficientPermissions: The client's user may not do this.
            EtcdException: There is no user `root`.
        """
        if value == await self.get_active():
            return
        with translated():
            auth = (await self.client._communicator()).auth  # noqa: SLF001 - ours
            if not value:
                await auth.disable()
                return
            await _make_root_role(auth)
            await auth.user_grant_role(_ROOT, _ROOT)
            await auth.enable()


async def _make_root_role(auth: v3.Auth) -> None:
    """Make the role that API v2 has from the start."""
    if _ROOT not in (await auth.role_list()).roles:
        await auth.role_add(_ROOT)


def _key(path: str) -> tuple[bytes, bool]:
    """Return the key of a path, and whether it is a prefix."""
    return (encode(path[:-1]), True) if path.endswith("*") else (encode(path), False)


def _path(permission: v3.Permission) -> str:
    """Return the path that a permission is for."""
    key, end = permission.key, permission.range_end
    if not end:
        return decode(key)
    if end == _prefix_end(key):
        return decode(key) + "*"
    message = f"the permission for the keys from {key!r} to {end!r} is for no path of API v2"
    raise EtcdException(message)


def _prefix_end(prefix: bytes) -> bytes:
    """Return the end of the range of all keys that begin with a prefix."""
    start = prefix.rstrip(b"\xff")
    return start[:-1] + bytes([start[-1] + 1]) if start else b"\0"


def _letters(permission: v3.Permission) -> str:
    """Return what a permission allows."""
    for kind, letters in _LETTERS.items():
        if permission.type == kind:
            return letters
    return ""
