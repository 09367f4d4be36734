use http::HeaderMap;

use crate::body::Document;
use crate::target::Target;

/// Chooses the order in which targets are tried.
///
/// The first is the choice; the others follow when it fails. Every group of
/// models has a clone of its own, and a clone counts for itself.
///
/// ```
/// use portcullis::route::{Ask, RouteLayer, Strategy};
/// use portcullis::target::Target;
///
/// /// The least known first.
/// #[derive(Clone, Default)]
/// struct Modest;
///
/// impl Strategy for Modest {
///     fn name(&self) -> &'static str {
///         "modest"
///     }
///
///     fn order(&self, _: &Ask<'_>, targets: &[Target], order: &mut Vec<usize>) {
///         order.sort_by_key(|&at| targets[at].id().len());
///     }
/// }
///
/// let targets = [Target::together("a-long-name"), Target::together("short")];
/// let layer: RouteLayer<Modest> = RouteLayer::new(targets);
/// # let _ = layer;
/// ```
pub trait Strategy: Clone + Send + Sync + 'static {
    /// Its name, in records and configurations.
    fn name(&self) -> &'static str;

    /// Orders `order`, which holds the numbers, in `targets`, of those that
    /// are available, as they are configured. Takes no lock and no time.
    fn order(&self, ask: &Ask<'_>, targets: &[Target], order: &mut Vec<usize>);
}

/// What a strategy may know about a request.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    headers: &'a HeaderMap,
    document: Option<&'a Document>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(headers: &'a HeaderMap, document: Option<&'a Document>) -> Self {
        Self { headers, document }
    }

    /// The request's headers.
    #[must_use]
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// The message, if it could be read.
    #[must_use]
    pub fn document(&self) -> Option<&'a Document> {
        self.document
    }

    /// About how many tokens the request has, at four bytes each, and how many
    /// it lets the answer have: 512 if it does not say.
    #[must_use]
    pub fn tokens(&self) -> (u64, u64) {
        let Some(document) = self.document else {
            return (0, 0);
        };
        let asked = document.serialized_len() as u64 / 4;
        let limit = ["max_completion_tokens", "max_tokens"]
            .into_iter()
            .find_map(|name| document.field(name)?.parse().ok());
        (asked, limit.unwrap_or(512))
    }
}
