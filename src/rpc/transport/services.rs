//! Services that are built on a transport, one of each type for each transport.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Default)]
pub struct Services(Mutex<Vec<Arc<dyn Any + Send + Sync>>>);

impl Services {
    /// The service of a type, made when it is first used.
    pub fn get<S: Any + Send + Sync + Default>(&self) -> Arc<S> {
        let mut services = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = services.iter().find_map(|service| Arc::clone(service).downcast().ok());
        known.unwrap_or_else(|| {
            let service = Arc::<S>::default();
            services.push(Arc::<S>::clone(&service));
            service
        })
    }
}
