"""Users, roles and permissions."""

from __future__ import annotations

from typing import Any

from etcd_client import Auth, Permission, PermissionType
from tests.typing.world import KEY, PREFIX, Case, Cases, World, method_of

PASSWORD = "secret"  # noqa: S105 - of a server that lives for one test
ANY = PermissionType.READWRITE


async def prepared(world: World) -> Auth:
    """A server with the user `root`, the user `reader` and the role `reader`, who may read."""
    auth = (await world.alone()).auth
    await auth.user_add("root", PASSWORD)
    await auth.role_add("root")
    await auth.user_grant_role("root", "root")
    await auth.user_add("reader", no_password=True)
    await auth.role_add("reader")
    await auth.role_grant_permission("reader", PermissionType.READ, PREFIX, prefix=True)
    await auth.role_grant_permission("reader", ANY, KEY)
    return auth


async def revoke_role(world: World) -> Any:
    """Takes a role from a user who has it."""
    auth = await prepared(world)
    await auth.user_grant_role("reader", "reader")
    return auth.user_revoke_role("reader", "reader")


async def permission(world: World) -> Permission:
    """A permission for a range."""
    return (await (await prepared(world)).role_get("reader")).permissions[0]


CASES: Cases = {
    "Auth.disable": (method_of(prepared, "disable"),),
    "Auth.enable": (method_of(prepared, "enable"),),
    "Auth.role_add": (method_of(prepared, "role_add", "another"),),
    "Auth.role_delete": (method_of(prepared, "role_delete", "reader"),),
    "Auth.role_get": (method_of(prepared, "role_get", "reader"),),
    "Auth.role_grant_permission": (
        method_of(prepared, "role_grant_permission", "reader", ANY, KEY, from_key=True),
    ),
    "Auth.role_list": (method_of(prepared, "role_list"),),
    "Auth.role_revoke_permission": (
        method_of(prepared, "role_revoke_permission", "reader", PREFIX, prefix=True),
    ),
    "Auth.status": (lambda world: world.communicator.auth.status(),),
    "Auth.user_add": (method_of(prepared, "user_add", "another", PASSWORD),),
    "Auth.user_change_password": (
        method_of(prepared, "user_change_password", "reader", "changed"),
    ),
    "Auth.user_delete": (method_of(prepared, "user_delete", "reader"),),
    "Auth.user_get": (method_of(prepared, "user_get", "root"),),
    "Auth.user_grant_role": (method_of(prepared, "user_grant_role", "reader", "reader"),),
    "Auth.user_list": (method_of(prepared, "user_list"),),
    "Auth.user_revoke_role": (revoke_role,),
}

INSTANCES: dict[str, Case] = {
    "Permission": permission,
}
