//! Requests of the auth service: users, roles and authentication.

use etcd_client::proto::{
    PbAuthDisableRequest, PbAuthEnableRequest, PbAuthRoleAddRequest, PbAuthRoleDeleteRequest,
    PbAuthRoleGetRequest, PbAuthRoleGrantPermissionRequest, PbAuthRoleListRequest,
    PbAuthRoleRevokePermissionRequest, PbAuthUserAddRequest, PbAuthUserChangePasswordRequest,
    PbAuthUserDeleteRequest, PbAuthUserGetRequest, PbAuthUserGrantRoleRequest,
    PbAuthUserListRequest, PbAuthUserRevokeRoleRequest,
};

use crate::rpc::keys::KeyRange;
use crate::rpc::transport::Request;
use crate::rpc::wire::messages::Empty;
use crate::rpc::wire::method;

pub fn enable() -> Request {
    Request::new(&method::AUTH_ENABLE, &PbAuthEnableRequest {})
}

pub fn disable() -> Request {
    Request::new(&method::AUTH_DISABLE, &PbAuthDisableRequest {})
}

pub fn status() -> Request {
    Request::new(&method::AUTH_STATUS, &Empty {})
}

/// Without a password, the user can only authenticate with a certificate.
pub fn user_add(name: String, password: Option<String>) -> Request {
    let mut request = PbAuthUserAddRequest { name, ..Default::default() };
    request.options.get_or_insert_default().no_password = password.is_none();
    request.password = password.unwrap_or_default();
    Request::new(&method::USER_ADD, &request)
}

pub fn user_get(name: String) -> Request {
    Request::new(&method::USER_GET, &PbAuthUserGetRequest { name })
}

pub fn user_list() -> Request {
    Request::new(&method::USER_LIST, &PbAuthUserListRequest {})
}

pub fn user_delete(name: String) -> Request {
    Request::new(&method::USER_DELETE, &PbAuthUserDeleteRequest { name })
}

pub fn user_change_password(name: String, password: String) -> Request {
    let request = PbAuthUserChangePasswordRequest { name, password, ..Default::default() };
    Request::new(&method::USER_CHANGE_PASSWORD, &request)
}

pub fn user_grant_role(user: String, role: String) -> Request {
    Request::new(&method::USER_GRANT_ROLE, &PbAuthUserGrantRoleRequest { user, role })
}

pub fn user_revoke_role(name: String, role: String) -> Request {
    Request::new(&method::USER_REVOKE_ROLE, &PbAuthUserRevokeRoleRequest { name, role })
}

pub fn role_add(name: String) -> Request {
    Request::new(&method::ROLE_ADD, &PbAuthRoleAddRequest { name })
}

pub fn role_get(role: String) -> Request {
    Request::new(&method::ROLE_GET, &PbAuthRoleGetRequest { role })
}

pub fn role_list() -> Request {
    Request::new(&method::ROLE_LIST, &PbAuthRoleListRequest {})
}

pub fn role_delete(role: String) -> Request {
    Request::new(&method::ROLE_DELETE, &PbAuthRoleDeleteRequest { role })
}

pub fn role_grant_permission(name: String, permission: i32, keys: KeyRange) -> Request {
    let mut request = PbAuthRoleGrantPermissionRequest { name, ..Default::default() };
    let granted = request.perm.get_or_insert_default();
    granted.perm_type = permission;
    granted.key = keys.key;
    granted.range_end = keys.end;
    Request::new(&method::ROLE_GRANT_PERMISSION, &request)
}

pub fn role_revoke_permission(role: String, keys: KeyRange) -> Request {
    let (key, range_end) = (keys.key, keys.end);
    let request = PbAuthRoleRevokePermissionRequest { role, key, range_end };
    Request::new(&method::ROLE_REVOKE_PERMISSION, &request)
}
