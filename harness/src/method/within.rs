//! What methods keep within one step, from one hook to a later one: counted as memory, no part of a checkpoint.

use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
};

/// Values by their types: a method keeps a type of its own.
#[derive(Default)]
pub(crate) struct Within(BTreeMap<TypeId, Box<dyn Any>>);

impl Within {
    pub fn put<T: Any>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Box::new(value));
    }
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.downcast_ref()
    }
    pub fn take<T: Any>(&mut self) -> Option<T> {
        self.0.remove(&TypeId::of::<T>())?.downcast().ok().map(|value| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken_once_by_its_type() {
        let mut within = Within::default();
        within.put(3_u8);
        within.put("three");
        assert_eq!(within.get::<u8>(), Some(&3));
        assert_eq!([within.take::<u8>(), within.take::<u8>()], [Some(3), None]);
        assert_eq!((within.take::<&str>(), within.take::<String>()), (Some("three"), None));
    }
}
