//! Settings that are written once: key, type, default, range and documentation of each stand together, and what reads
//! them, checks them and tells of them is made from that.

use serde::Serialize;
use toml::Value;

use super::{Range, Setting};

/// What lists its settings; [`settings!`](crate::settings) implements it.
pub trait Declared {
    /// Each of them, in the order in which they are written.
    const SETTINGS: &'static [Setting];
}

/// A type that says by itself what its values may be.
pub trait Ranged {
    /// What a setting of this type may be, where it says nothing more.
    const RANGE: Range;
}

macro_rules! ranged {
    ($($type:ty => $range:expr),*) => {
        $(impl Ranged for $type {
            const RANGE: Range = $range;
        })*
    };
}

ranged!(
    bool => Range::Flag,
    usize => Range::Whole(0, i64::MAX),
    u64 => Range::Whole(0, i64::MAX),
    u32 => Range::Whole(0, u32::MAX as i64),
    String => Range::Text("a string"),
    Vec<String> => Range::Text("a list of strings")
);

impl<T: Ranged> Ranged for Option<T> {
    const RANGE: Range = T::RANGE;
}

/// A choice among names; [`choice!`](crate::choice) implements it.
pub trait Choice: Copy + 'static {
    /// All that there is to choose from.
    const ALL: &'static [Self];
    /// Their names in stream files, in the same order.
    const WORDS: &'static [&'static str];
    /// Its name in stream files and tables.
    fn word(self) -> &'static str;
}

/// A default as TOML; none for what is not there.
pub fn value<T: Serialize>(default: &T) -> Option<Value> {
    Value::try_from(default).ok()
}

/// Declares the settings of a part as a struct.
///
/// Each field has its documentation, which users see, then its type, its default, and its range where the type leaves
/// open what it may be. A field without a default has to be set. What is made of it: the struct with serde, which
/// refuses unknown keys; its `Default`; its list of [`Setting`]s as `SETTINGS`. Fields that are `hidden` are neither
/// read nor written.
///
/// ```
/// use clbench::catalogue::{Range, Settings};
///
/// clbench::settings! {
///     /// Settings of `my-method`.
///     #[derive(Clone, Debug)]
///     pub struct Config {
///         /// Weight of the penalty, λ.
///         pub strength: f64 = 1.0, Range::AtLeast(0.0);
///         /// Whether the head is penalised, too.
///         pub head: bool = false;
///     }
/// }
/// impl Settings for Config {}
///
/// assert_eq!(Config::SETTINGS[0].key, "strength");
/// assert_eq!(Config::default().strength, 1.0);
/// ```
#[macro_export]
macro_rules! settings {
    (@value $type:ty;) => { <$type as ::std::default::Default>::default() };
    (@value $type:ty; $default:expr) => { $default };
    (@default $type:ty;) => { || ::std::option::Option::None };
    (@default $type:ty; $default:expr) => {
        || {
            let value: $type = $default;
            $crate::catalogue::value(&value)
        }
    };
    (@required) => { true };
    (@required $default:expr) => { false };
    (@range $type:ty;) => { <$type as $crate::catalogue::Ranged>::RANGE };
    (@range $type:ty; $range:expr) => { $range };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $(#[serde($($serde:tt)*)])*
                $field_vis:vis $field:ident: $type:ty $(= $default:expr)? $(, $range:expr)?;
            )*
        }
        $(hidden {
            $($(#[doc = $hidden_doc:literal])+ $hidden_vis:vis $hidden:ident: $hidden_type:ty;)*
        })?
    ) => {
        $(#[$meta])*
        #[derive(::serde::Serialize, ::serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        $vis struct $name {
            $(
                $(#[doc = $doc])+
                $(#[serde($($serde)*)])*
                $field_vis $field: $type,
            )*
            $($(
                $(#[doc = $hidden_doc])+
                #[serde(skip)]
                $hidden_vis $hidden: $hidden_type,
            )*)?
        }

        impl $name {
            /// What may be set.
            pub const SETTINGS: &'static [$crate::catalogue::Setting] = &[
                $($crate::catalogue::Setting {
                    key: stringify!($field),
                    about: concat!($($doc),+).trim_ascii(),
                    range: $crate::settings!(@range $type; $($range)?),
                    default: $crate::settings!(@default $type; $($default)?),
                    required: $crate::settings!(@required $($default)?),
                },)*
            ];
        }

        #[allow(clippy::derivable_impls, reason = "defaults are declared, whatever they are")]
        impl ::std::default::Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $crate::settings!(@value $type; $($default)?),)*
                    $($($hidden: ::std::default::Default::default(),)*)?
                }
            }
        }

        impl $crate::catalogue::Declared for $name {
            const SETTINGS: &'static [$crate::catalogue::Setting] = Self::SETTINGS;
        }

        impl $crate::catalogue::Ranged for $name {
            const RANGE: $crate::catalogue::Range = $crate::catalogue::Range::Table(Self::SETTINGS);
        }
    };
}

/// Declares a choice among names as an enum: each variant with its name in stream files.
///
/// ```
/// use clbench::catalogue::Choice;
///
/// clbench::choice! {
///     /// How tasks are remembered.
///     pub enum Form {
///         /// One running average.
///         Online = "online",
///         /// One for each task.
///         PerTask = "per-task",
///     }
/// }
///
/// assert_eq!(Form::WORDS, ["online", "per-task"]);
/// assert_eq!(Form::PerTask.word(), "per-task");
/// ```
#[macro_export]
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize)]
        $vis enum $name {
            $(
                $(#[$variant_meta])*
                #[serde(rename = $word)]
                $variant,
            )+
        }

        impl $crate::catalogue::Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            const WORDS: &'static [&'static str] = &[$($word),+];
            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $crate::catalogue::Ranged for $name {
            const RANGE: $crate::catalogue::Range =
                $crate::catalogue::Range::Choice(<Self as $crate::catalogue::Choice>::WORDS);
        }
    };
}
