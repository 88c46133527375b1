//! Tests of all readers together.

mod layouts;
mod properties;
mod real;
