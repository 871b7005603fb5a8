//! What an answer other than success says about the request.

/// What is certain about the request that a status answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It was refused for good; nothing was applied.
    Refused,
    /// It was refused by this member; another one, or this one later, may take it.
    TryElsewhere,
    /// It was refused because of the auth token.
    RenewToken,
    /// It may have been applied.
    Unclear,
}
