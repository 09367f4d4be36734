//! The JSON Schema of the configuration file.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use super::Config;

/// The schema with the keywords meant for the checker.
pub(super) static SCHEMA: LazyLock<Value> = LazyLock::new(of::<Config>);

/// The schema of a type, with the keywords meant for the checker.
pub(super) fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RecursiveTransform(without_rust))
        .with_transform(RecursiveTransform(with_titles))
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// The JSON Schema (draft 2020-12) of `policy-config.yaml`, for editors and other tools.
///
/// ```
/// let schema = portcullis::config::json_schema();
/// assert_eq!(schema["additionalProperties"], false);
/// assert_eq!(schema["properties"]["providers"]["type"], "object");
/// ```
pub fn json_schema() -> Value {
    let mut schema = Schema::default();
    if let Value::Object(map) = SCHEMA.clone() {
        schema = map.into();
    }
    publish(&mut schema);
    schema.to_value()
}

/// Removes the checker's keywords, which a strict validator would not know.
fn publish(schema: &mut Schema) {
    if let Some(object) = schema.as_object_mut() {
        object.retain(|key, _| !key.starts_with("x-"));
    }
    transform_subschemas(&mut publish, schema);
}

/// Makes `T` of `Option<T>`: a key that is left out has its default, one without a value is a slip.
fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(branches)) = object.get("anyOf")
        && let [Value::Object(branch), null] = branches.as_slice()
        && null.get("type").is_some_and(|name| name == "null")
    {
        let branch = branch.clone();
        object.remove("anyOf");
        // What is said of the field is nearer to the reader than what is said of its type.
        for (key, value) in branch {
            object.entry(key).or_insert(value);
        }
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
}

/// Removes what speaks to Rust alone: formats such as `uint32`, type names as titles, and all of a
/// description but its first paragraph, which is where the examples in code begin.
fn without_rust(schema: &mut Schema) {
    if let Some(object) = schema.as_object_mut() {
        object.remove("title");
        if object.get("format").is_some_and(|format| format != "uri") {
            object.remove("format");
        }
        if let Some(Value::String(text)) = object.get_mut("description")
            && let Some(end) = text.find("\n\n")
        {
            text.truncate(end);
        }
    }
}

/// Gives each key a title made of its name.
fn with_titles(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.contains_key("$schema") {
        object.insert("title".to_owned(), "policy-config.yaml".into());
    }
    let properties = object.get_mut("properties").and_then(Value::as_object_mut);
    for (key, property) in properties.into_iter().flat_map(Map::iter_mut) {
        if let Some(property) = property.as_object_mut() {
            property.insert("title".to_owned(), key.replace(['_', '-'], " ").into());
        }
    }
}
