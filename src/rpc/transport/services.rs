//! What is above the transport and exists once for each.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use crate::rpc::transport::open::Transport;

#[derive(Default)]
pub struct Services(Mutex<Vec<Arc<dyn Any + Send + Sync>>>);

impl Transport {
    /// The service of that type; made when it is first asked for. It must not hold the transport,
    /// which would live for ever.
    pub fn service<S: Any + Send + Sync + Default>(&self) -> Arc<S> {
        let mut services = self.services.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = services.iter().find_map(|service| Arc::clone(service).downcast().ok());
        known.unwrap_or_else(|| {
            let service = Arc::<S>::default();
            services.push(Arc::<S>::clone(&service));
            service
        })
    }
}
