//! Identifies etcd's errors by their messages.

pub use crate::rpc::error::server_error_table::ServerError;

use crate::rpc::error::server_error_table::SERVER_ERRORS;

/// Looks an error up by the server's message. Cancel reasons of watches have a gRPC prefix;
/// errors of the lock and election services have that, `etcdserver: `, neither or both.
pub fn find(message: &str) -> Option<&'static ServerError> {
    let message = bare(message);
    SERVER_ERRORS.iter().find(|known| known.message == message)
}

/// The message without the prefixes of gRPC and of the server.
fn bare(message: &str) -> &str {
    let message = without_rpc_prefix(message);
    let message = message.strip_prefix("etcdserver: ").unwrap_or(message);
    // The maintenance service, and all services of old servers, pass on the errors of the auth
    // store as they are.
    message.strip_prefix("auth: ").unwrap_or(message)
}

/// The message without `rpc error: code = .. desc = `, which cancel reasons of watches have.
pub fn without_rpc_prefix(message: &str) -> &str {
    match message.strip_prefix("rpc error: ") {
        Some(rest) => rest.split_once("desc = ").map_or(rest, |(_, description)| description),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_errors_with_and_without_prefixes() {
        for message in [
            "etcdserver: no leader",
            "no leader",
            "rpc error: code = Unavailable desc = etcdserver: no leader",
        ] {
            assert_eq!(find(message).map(|known| known.name), Some("NoLeader"), "{message}");
        }
        let bare = find("auth: permission denied").map(|known| known.name);
        assert_eq!(bare, Some("PermissionDenied"));
        assert!(find("etcdserver: something new").is_none());
    }

    #[test]
    fn no_message_stands_twice() {
        for (index, known) in SERVER_ERRORS.iter().enumerate() {
            let earlier =
                SERVER_ERRORS[..index].iter().find(|other| other.message == known.message);
            assert!(earlier.is_none(), "{}", known.message);
        }
    }
}
