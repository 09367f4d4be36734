mod cases;
mod holds;
mod laws;
mod nets;

use super::*;

/// The entities whose values the cases of `cases` and `holds` are about.
fn core() -> EntitySet {
    [
        Entity::EmailAddress,
        Entity::PhoneNumber,
        Entity::CreditCard,
        Entity::UsSsn,
        Entity::IbanCode,
        Entity::IpAddress,
    ]
    .into_iter()
    .collect()
}

/// What a whole text holds of some entities.
fn whole_of(set: EntitySet, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let decided = scan(set, text, 0, true, &mut |f| found.push(f));
    assert_eq!(decided, text.len());
    found
}

/// What a whole text holds.
fn whole(text: &str) -> Vec<Finding> {
    whole_of(EntitySet::all(), text)
}

#[test]
fn labels_round_trip() {
    for (place, &entity) in Entity::ALL.iter().enumerate() {
        assert_eq!(Entity::from_label(entity.label()), Some(entity));
        assert_eq!(entity.bit(), 1 << place);
        assert!(EntitySet::all().contains(entity));
        assert!(!EntitySet::all().without(entity).contains(entity));
    }
    assert_eq!(Entity::from_label("NAME"), None);
}

#[test]
fn a_set_limits_what_is_found() {
    let text = "ada@example.org 10.0.0.1 4111 1111 1111 1111";
    for &entity in Entity::ALL {
        let mut found = Vec::new();
        scan(EntitySet::empty().with(entity), text, 0, true, &mut |f| {
            found.push(f.entity)
        });
        let there = [Entity::EmailAddress, Entity::IpAddress, Entity::CreditCard].contains(&entity);
        assert_eq!(found, if there { vec![entity] } else { vec![] });
    }
}
