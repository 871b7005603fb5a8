//! What an error status says about the request.

/// What is certain about the request after an error status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It was refused for good; nothing was applied.
    Refused,
    /// This member refused it; another one, or this one later, may accept it.
    TryElsewhere,
    /// The cluster is overloaded and refused it before doing anything; later it may be accepted.
    TryLater,
    /// It was refused because of the auth token.
    RenewToken,
    /// It may have been applied.
    Unclear,
}
