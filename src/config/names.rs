//! The closed lists of names a configuration can hold.
//!
//! Each list is one table. A row under `built` is a name that works; a name under `planned` is
//! known, and refused with a message that says it is not built yet. Building a planned thing is
//! moving its row.

use schemars::{Schema, json_schema};

/// The key under which a schema carries its table, for the checker. Removed before publication.
pub(super) const NAMES: &str = "x-names";

/// The schema of a value that must be a name from a table.
pub(super) fn schema(noun: &str, built: &[&str], planned: &[&str]) -> Schema {
    json_schema!({
        "type": "string",
        "enum": built,
        NAMES: { "noun": noun, "built": built, "planned": planned },
    })
}

macro_rules! names {
    (
        $(#[$meta:meta])*
        pub enum $name:ident as $noun:literal {
            built {
                $( $(#[$row_meta:meta])* $row:ident = $text:literal $(| $alias:literal)* ),+ $(,)?
            }
            planned { $($planned:literal),* $(,)? }
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$row_meta])* $row, )+
        }

        impl $name {
            /// Every name that is built, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$( Self::$row ),+];

            /// Names that are reserved and refused: what they stand for is not built yet.
            pub const PLANNED: &'static [&'static str] = &[$( $planned ),*];

            /// The name as the file writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$row => $text, )+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                match text.as_str() {
                    $( $text $(| $alias)* => Ok(Self::$row), )+
                    _ => Err(serde::de::Error::custom(concat!("unknown ", $noun))),
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                super::names::schema($noun, &[$( $text $(, $alias)* ),+], Self::PLANNED)
            }
        }
    };
}

pub(super) use names;
