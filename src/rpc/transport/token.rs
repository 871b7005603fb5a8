//! The auth token: fetched once, sent with every RPC, renewed when a server refuses it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use etcd_client::proto::{PbAuthenticateRequest, PbAuthenticateResponse};
use http::HeaderValue;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use crate::rpc::connection::{Connection, Metadata};
use crate::rpc::error::grpc_status::INTERNAL;
use crate::rpc::error::{Error, Failure, GrpcStatus};
use crate::rpc::telemetry::{CallRecord, How};
use crate::rpc::transport::stats::Stats;
use crate::rpc::wire::method;
use crate::rpc::wire::{self, Frame};

pub struct TokenStore {
    stats: Arc<Stats>,
    user: Option<(String, String)>,
    token: Mutex<Token>,
    /// Held while authenticating, so that concurrent calls fetch only one token.
    fetching: AsyncMutex<()>,
}

#[derive(Clone, Default)]
pub enum Token {
    /// Not fetched yet, or refused.
    #[default]
    Missing,
    /// The client has no user, or the server has authentication disabled.
    NotNeeded,
    Known(HeaderValue),
}

impl Token {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => one == other,
            (Self::NotNeeded, Self::NotNeeded) | (Self::Missing, Self::Missing) => true,
            _ => false,
        }
    }

    pub fn metadata(&self) -> Metadata {
        match self {
            Self::Known(token) => Metadata { token: Some(token.clone()) },
            Self::Missing | Self::NotNeeded => Metadata::default(),
        }
    }
}

impl TokenStore {
    pub fn new(user: Option<(String, String)>, stats: Arc<Stats>) -> Self {
        let token = if user.is_some() { Token::Missing } else { Token::NotNeeded };
        Self { stats, user, token: Mutex::new(token), fetching: AsyncMutex::new(()) }
    }

    fn current(&self) -> Token {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the next call can be sent without fetching a token first.
    pub fn is_ready(&self) -> bool {
        !matches!(self.current(), Token::Missing)
    }

    fn set(&self, token: Token) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Whether a new token can be fetched after one was refused.
    pub fn is_renewable(&self) -> bool {
        self.user.is_some()
    }

    /// Discards a refused token, unless it has been replaced already.
    pub fn refused(&self, token: &Token) {
        let mut current = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_same(token) {
            *current = Token::Missing;
        }
    }

    /// The record of a request for a token to one member, if there are hooks.
    fn record_of(&self, size: usize, endpoint: &str) -> Option<CallRecord> {
        let events = self.stats.events.as_ref()?;
        let record = CallRecord::new(events, &method::AUTHENTICATE, Instant::now(), size);
        record.attempt(endpoint);
        Some(record)
    }

    /// The token to send; fetched over `connection` if there is none.
    pub async fn get(&self, connection: &Arc<Connection>) -> Result<Token, Failure> {
        let token = self.current();
        let Some((name, password)) = self.user.as_ref().filter(|_| matches!(token, Token::Missing))
        else {
            return Ok(token);
        };
        let _fetching = self.fetching.lock().await;
        let token = self.current();
        if !matches!(token, Token::Missing) {
            return Ok(token);
        }
        let request = PbAuthenticateRequest { name: name.clone(), password: password.clone() };
        let frame = Frame::from(wire::frame(&request));
        let record = self.record_of(frame.size(), &connection.endpoint().name);
        let answer =
            connection.unary_beside(&method::AUTHENTICATE, frame, &Metadata::default()).await;
        if let Some(record) = record {
            let how = |failure: &Failure| How::Failed(failure.message().to_owned());
            record.attempt_ended(0, answer.as_ref().err().map_or(How::Answered, how));
            let outcome = answer.as_ref().map(Bytes::len).map_err(Error::from);
            record.ended(outcome.as_ref().copied());
        }
        let token = match answer {
            Ok(response) => {
                let token = wire::decode::<PbAuthenticateResponse>(response)?.token;
                let mut token = HeaderValue::try_from(token).map_err(|_| {
                    Failure::Server(GrpcStatus::new(INTERNAL, "the server sent an unusable token"))
                })?;
                token.set_sensitive(true);
                Token::Known(token)
            }
            // The user name is ignored if the server has authentication disabled.
            Err(Failure::Server(status)) if is_named(&status, "AuthNotEnabled") => Token::NotNeeded,
            // However authenticating failed, the caller's own request has not been sent.
            Err(Failure::Broken(message)) => return Err(Failure::NeverSent(message)),
            Err(Failure::WrongServer { server, .. }) => {
                return Err(Failure::WrongServer { server, unsent: true });
            }
            Err(Failure::Unusable(status)) => return Err(Failure::Server(status)),
            Err(failure) => return Err(failure),
        };
        let endpoint = &connection.endpoint().name;
        self.stats.debug(|| match &token {
            Token::Known(_) => format!("{endpoint}: authenticated as {name}"),
            _ => format!("{endpoint}: authentication is disabled"),
        });
        self.set(token.clone());
        Ok(token)
    }
}

fn is_named(status: &GrpcStatus, name: &str) -> bool {
    status.server_error().is_some_and(|known| known.name == name)
}
