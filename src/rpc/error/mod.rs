//! What can go wrong, and what is then certain about the request.
//!
//! May import nothing of `rpc`.

mod call_error;
mod failure;
pub mod grpc_status;
mod meaning;
pub mod server_error;
mod server_error_table;
mod wrong_server;

pub use call_error::Error;
pub use failure::{Failure, Outlook, Unreachable};
pub use grpc_status::GrpcStatus;
pub use meaning::Meaning;
pub use wrong_server::{OtherCluster, WrongServer};
