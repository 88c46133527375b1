//! Numbers in pictures against hand values.
