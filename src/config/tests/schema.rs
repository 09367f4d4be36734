use std::collections::BTreeSet;

use serde_json::Value;

use super::super::schema::SCHEMA;
use super::super::{
    Config, Direction, Entity, Format, PolicyName, PolicySettings, Provider, Strategy, json_schema,
    rules,
};
use super::accept;

/// Calls `visit` with the path and every schema below and at `schema`.
fn walk(path: &str, schema: &Value, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        walk(&format!("{path}/{key}"), property, visit);
    }
    if let Some(items) = schema.get("items") {
        walk(&format!("{path}/items"), items, visit);
    }
    if let Some(values) = schema.get("additionalProperties").filter(|s| s.is_object()) {
        walk(&format!("{path}/*"), values, visit);
    }
    let forms = schema.get("oneOf").and_then(Value::as_array);
    for (index, form) in forms.into_iter().flatten().enumerate() {
        walk(&format!("{path}/oneOf{index}"), form, visit);
    }
}

fn names<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(T::to_string).collect()
}

/// The checker takes the schema for the whole truth, so the schema may say nothing it cannot read.
#[test]
fn the_checker_reads_every_keyword() {
    let known = [
        "$schema",
        "title",
        "description",
        "default",
        "format",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "maxProperties",
        "oneOf",
        "items",
        "minItems",
        "maxItems",
        "uniqueItems",
        "enum",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "x-names",
        "x-secret",
        "x-rule",
        "x-types",
        // Each has a rule or a table beside it, which the loop below makes sure of.
        "pattern",
        "anyOf",
    ];
    let types = ["object", "array", "string", "integer", "number", "boolean"];
    walk("", &SCHEMA, &mut |path, schema| {
        let object = schema.as_object().unwrap();
        for key in object.keys() {
            assert!(known.contains(&key.as_str()), "{path} has {key}");
        }
        if let Some(names) = schema.get("propertyNames") {
            let ruled = names.get("x-rule").is_some() || object.contains_key("x-types");
            assert!(
                ruled && schema["additionalProperties"].is_object(),
                "{path}"
            );
        }
        if let Some(forms) = schema.get("oneOf") {
            let forms = forms.as_array().unwrap();
            let kinds: Vec<_> = forms.iter().map(|form| &form["type"]).collect();
            return assert_eq!(kinds, ["array", "object"], "{path}");
        }
        let kind = schema["type"].as_str().unwrap();
        assert!(types.contains(&kind), "{path} is {kind}");
        if object.contains_key("pattern") {
            assert!(object.contains_key("x-rule"), "{path}");
        }
        if object.contains_key("enum") || object.contains_key("anyOf") {
            assert!(object.contains_key("x-names"), "{path}");
        }
        if let Some(rule) = object.get("x-rule") {
            assert!(rules::is_rule(rule.as_str().unwrap()), "{path}");
        }
    });
}

#[test]
fn every_level_is_closed_and_described() {
    walk("", &json_schema(), &mut |path, schema| {
        let kind = schema["type"].as_str().unwrap_or_default();
        if kind == "object" && schema.get("propertyNames").is_none() {
            assert_eq!(schema["additionalProperties"], false, "{path}");
        }
        // Without both limits a number could pass the checker and overflow the type.
        if kind == "integer" || kind == "number" {
            assert!(schema["minimum"].is_number(), "{path}");
            assert!(schema["maximum"].is_number(), "{path}");
        }
        if !path.ends_with(['*', '0', '1']) && !path.ends_with("items") {
            assert!(!schema["title"].as_str().unwrap().is_empty(), "{path}");
            let description = schema["description"].as_str().unwrap();
            assert!(!description.is_empty(), "{path}");
            assert!(!description.contains("```"), "{path}");
        }
        let keys = schema.as_object().unwrap().keys();
        assert!(!keys.into_iter().any(|key| key.starts_with("x-")), "{path}");
    });
    assert_eq!(json_schema()["title"], "policy-config.yaml");
}

#[test]
fn names_are_those_of_the_tables() {
    let schema = json_schema();
    let at = |pointer: &str| schema.pointer(pointer).unwrap().clone();
    let pii = "/properties/policy/properties/pii-detector/properties";
    let target = "/properties/providers/properties/targets/items/properties";
    assert_eq!(
        at("/properties/policies/properties/chain/items/enum"),
        serde_json::json!(names(PolicyName::ALL))
    );
    assert_eq!(
        at(&format!("{pii}/entities/items/enum")),
        serde_json::json!(names(Entity::ALL))
    );
    assert_eq!(
        at(&format!("{pii}/directions/items/enum")),
        serde_json::json!(names(Direction::ALL))
    );
    assert_eq!(
        at(&format!("{target}/format/enum")),
        serde_json::json!(names(Format::ALL))
    );
    let strategies = at("/properties/providers/properties/strategy/enum");
    for strategy in Strategy::ALL {
        let known = strategies.as_array().unwrap();
        assert!(known.contains(&strategy.as_str().into()));
    }
    let providers = at(&format!("{target}/provider/anyOf/0/enum"));
    for provider in Provider::ALL {
        let known = providers.as_array().unwrap();
        assert!(known.contains(&provider.as_str().into()));
    }
}

#[test]
fn every_policy_has_settings() {
    let schema = json_schema();
    let settings = schema.pointer("/properties/policy/properties").unwrap();
    let keys: BTreeSet<String> = settings.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, names(PolicyName::ALL).into_iter().collect());
    for policy in PolicyName::ALL {
        assert!(PolicySettings::default().is_enabled(*policy));
        let text = format!("policy: {{{policy}: {{enabled: false}}}}");
        assert!(!accept(&text).policy.is_enabled(*policy));
    }
}

/// The defaults the schema shows are those a file gets.
#[test]
fn defaults_are_the_real_ones() {
    let written = serde_json::to_value(Config::default()).unwrap();
    for (key, property) in json_schema()["properties"].as_object().unwrap() {
        assert_eq!(property["default"], written[key], "{key}");
    }
}
