//! Which target a call goes to, and where it goes when that fails.

mod continued;
mod faults;
pub(crate) mod fleet;
mod hostile;
mod names;
mod sockets;
mod strategies;
