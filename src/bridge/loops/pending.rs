//! The calls of one loop that have not finished.

use futures_util::future::AbortHandle;
use pyo3::prelude::*;

use crate::bridge::completion::Ticket;

pub(crate) struct PendingCall {
    pub(crate) future: Py<PyAny>,
    /// Aborts the call's task on the engine; `None` for the step of a stream, which has no task.
    pub(crate) abort: Option<AbortHandle>,
}

/// Numbered slots, so that the engine can refer to a call without owning a Python object. A slot
/// that is reused has another generation.
#[derive(Default)]
pub(crate) struct PendingCalls {
    slots: Vec<(u32, Option<PendingCall>)>,
    free: Vec<u32>,
}

impl PendingCalls {
    pub(crate) fn insert(&mut self, call: PendingCall) -> Ticket {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.1 = Some(call);
            return Ticket { index, generation: slot.0 };
        }
        let index = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.push((0, Some(call)));
        Ticket { index, generation: 0 }
    }

    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<PendingCall> {
        let slot = self.slots.get_mut(ticket.index as usize)?;
        if slot.0 != ticket.generation {
            return None;
        }
        let call = slot.1.take()?;
        slot.0 = slot.0.wrapping_add(1);
        self.free.push(ticket.index);
        Some(call)
    }

    pub(crate) fn futures(&self) -> impl Iterator<Item = &Py<PyAny>> {
        self.slots.iter().filter_map(|(_, call)| call.as_ref()).map(|call| &call.future)
    }

    pub(crate) fn abort_handles(&self) -> Vec<AbortHandle> {
        let calls = self.slots.iter().filter_map(|(_, call)| call.as_ref());
        calls.filter_map(|call| call.abort.clone()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    pub(crate) fn take_all(&mut self) -> Vec<PendingCall> {
        let calls = self.slots.iter_mut().filter_map(|slot| slot.1.take()).collect();
        self.slots.clear();
        self.free.clear();
        calls
    }
}
