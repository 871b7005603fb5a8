//! The key-value service: keys, values and transactions.
//!
//! May import `py::communicator`, `py::namespace` and `py::support`.

pub mod calls;
pub mod options;
pub mod range;
pub mod range_stream;
pub mod records;
pub mod txn;
pub mod txn_parts;
pub mod txn_pickle;
pub mod txn_repr;
