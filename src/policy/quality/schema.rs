//! JSON Schema, as far as structured outputs use it.
//!
//! Understood are the keywords that OpenAI's strict mode allows: `type`,
//! `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`,
//! `prefixItems`, `anyOf`, `allOf`, `oneOf`, `$ref` within the schema, and the
//! limits of numbers, strings and lists (RFC draft 2020-12, "Validation"). All
//! others, `pattern` and `format` among them, are passed over, as the
//! specification has it for keywords that are not known: a value may be called
//! valid that is not, and none is called invalid that is valid.

use serde_json::{Map, Value};

/// How deep a value and a schema may nest.
const DEEPEST: usize = 64;

/// Whether `value` fits `schema`; `None` when that took too long to say. `steps`: how much may be
/// looked at, keywords and members; alternatives multiply.
pub(super) fn fits(schema: &Value, value: &Value, steps: &mut usize) -> Option<bool> {
    let mut checker = Checker {
        root: schema,
        steps,
    };
    checker.fits(schema, value, 0)
}

struct Checker<'a, 's> {
    root: &'a Value,
    steps: &'s mut usize,
}

impl<'a> Checker<'a, '_> {
    fn fits(&mut self, schema: &'a Value, value: &Value, depth: usize) -> Option<bool> {
        let listed = |name| {
            schema
                .get(name)
                .and_then(Value::as_array)
                .map_or(0, Vec::len)
        };
        let inside = match value {
            Value::Object(map) => map.len() + listed("required"),
            Value::Array(items) => items.len(),
            Value::String(text) => text.len() / 64,
            _ => 0,
        };
        let left = self.steps.checked_sub(1 + inside + listed("enum"));
        *self.steps = left.unwrap_or(0);
        if depth > DEEPEST || left.is_none() {
            return None;
        }
        let schema = match schema {
            Value::Bool(all) => return Some(*all),
            Value::Object(schema) => schema,
            _ => return Some(true),
        };
        if let Some(Value::String(reference)) = schema.get("$ref")
            && let Some(target) = self.target(reference)
            && !self.fits(target, value, depth + 1)?
        {
            return Some(false);
        }
        if !is_of_type(schema, value) || !is_one_of(schema, value) {
            return Some(false);
        }
        let inside = match value {
            Value::Object(map) => self.object(schema, map, depth)?,
            Value::Array(items) => self.array(schema, items, depth)?,
            Value::String(text) => {
                is_within(schema, "minLength", "maxLength", text.chars().count())
            }
            Value::Number(number) => number.as_f64().is_none_or(|n| is_in_range(schema, n)),
            _ => true,
        };
        Some(inside && self.combined(schema, value, depth)?)
    }

    fn target(&self, reference: &str) -> Option<&'a Value> {
        let pointer = reference.strip_prefix('#')?;
        self.root.pointer(pointer)
    }

    fn object(
        &mut self,
        schema: &'a Map<String, Value>,
        map: &Map<String, Value>,
        depth: usize,
    ) -> Option<bool> {
        let required = schema.get("required").and_then(Value::as_array);
        let mut required = required.into_iter().flatten().filter_map(Value::as_str);
        if !required.all(|key| map.contains_key(key))
            || !is_within(schema, "minProperties", "maxProperties", map.len())
        {
            return Some(false);
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, value) in map {
            let known = properties.and_then(|known| known.get(key));
            // A pattern is not read, so it may stand for any key.
            let own = known.or(match schema.contains_key("patternProperties") {
                true => None,
                false => schema.get("additionalProperties"),
            });
            if let Some(own) = own
                && !self.fits(own, value, depth + 1)?
            {
                return Some(false);
            }
        }
        Some(true)
    }

    fn array(
        &mut self,
        schema: &'a Map<String, Value>,
        items: &[Value],
        depth: usize,
    ) -> Option<bool> {
        if !is_within(schema, "minItems", "maxItems", items.len()) {
            return Some(false);
        }
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(&[][..], Vec::as_slice);
        for (at, item) in items.iter().enumerate() {
            let own = first.get(at).or_else(|| schema.get("items"));
            if let Some(own) = own
                && !self.fits(own, item, depth + 1)?
            {
                return Some(false);
            }
        }
        Some(true)
    }

    fn combined(
        &mut self,
        schema: &'a Map<String, Value>,
        value: &Value,
        depth: usize,
    ) -> Option<bool> {
        for (name, least, most) in [
            ("allOf", usize::MAX, usize::MAX),
            ("anyOf", 1, usize::MAX),
            ("oneOf", 1, 1),
        ] {
            let Some(Value::Array(branches)) = schema.get(name) else {
                continue;
            };
            let mut fitting = 0;
            for branch in branches {
                fitting += usize::from(self.fits(branch, value, depth + 1)?);
            }
            if fitting < least.min(branches.len()) || fitting > most {
                return Some(false);
            }
        }
        Some(true)
    }
}

fn is_of_type(schema: &Map<String, Value>, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        // 1.0 is an integer.
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    };
    let null = schema.get("nullable") == Some(&Value::Bool(true)) && value.is_null();
    match schema.get("type") {
        Some(Value::String(name)) => is(name) || null,
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(is) || null,
        _ => true,
    }
}

fn is_one_of(schema: &Map<String, Value>, value: &Value) -> bool {
    let listed = match schema.get("enum") {
        Some(Value::Array(values)) => values.iter().any(|one| same(one, value)),
        _ => true,
    };
    listed && schema.get("const").is_none_or(|one| same(one, value))
}

/// 1 and 1.0 are the same number.
fn same(a: &Value, b: &Value) -> bool {
    a == b || matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if a == b)
}

fn is_within(schema: &Map<String, Value>, least: &str, most: &str, length: usize) -> bool {
    let limit = |name| schema.get(name).and_then(Value::as_f64);
    limit(least).is_none_or(|least| length as f64 >= least)
        && limit(most).is_none_or(|most| length as f64 <= most)
}

fn is_in_range(schema: &Map<String, Value>, number: f64) -> bool {
    let limit = |name| schema.get(name).and_then(Value::as_f64);
    let multiple = limit("multipleOf").is_none_or(|of| {
        let times = number / of;
        // As near as a division of such numbers comes to a whole one.
        of == 0.0 || (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
    });
    multiple
        && limit("minimum").is_none_or(|least| number >= least)
        && limit("maximum").is_none_or(|most| number <= most)
        && limit("exclusiveMinimum").is_none_or(|least| number > least)
        && limit("exclusiveMaximum").is_none_or(|most| number < most)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(schema: &Value, value: &Value) -> Option<bool> {
        super::fits(schema, value, &mut 100_000)
    }

    #[test]
    fn values_are_held_against_the_schema() {
        let schema = json!({
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 3},
                "age": {"type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 150},
                "kind": {"enum": ["a", 1]},
                "step": {"multipleOf": 0.1},
                "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "maxItems": 2},
                "one": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["x"]}]},
                "exactly": {"oneOf": [{"minimum": 0}, {"maximum": 0}]},
                "self": {"$ref": "#"},
            },
            "required": ["name"],
            "additionalProperties": false,
            "$defs": {"tag": {"const": "t"}},
        });
        for good in [
            json!({"name": "Jane".get(..3)}),
            json!({"name": "é€😀", "age": 3.0, "kind": 1.0, "step": 0.3}),
            json!({"name": "x", "age": null, "tags": ["t", "t"], "one": {"x": 1}}),
            json!({"name": "x", "self": {"name": "y"}, "exactly": 1}),
        ] {
            assert_eq!(fits(&schema, &good), Some(true), "{good}");
        }
        for bad in [
            json!([]),
            json!({}),
            json!({"name": ""}),
            json!({"name": "long"}),
            json!({"name": "x", "age": 1.5}),
            json!({"name": "x", "age": 150}),
            json!({"name": "x", "kind": "b"}),
            json!({"name": "x", "step": 0.35}),
            json!({"name": "x", "tags": ["t", "u"]}),
            json!({"name": "x", "tags": ["t", "t", "t"]}),
            json!({"name": "x", "one": {"y": 1}}),
            json!({"name": "x", "exactly": 0}),
            json!({"name": "x", "self": {}}),
            json!({"name": "x", "other": 1}),
        ] {
            assert_eq!(fits(&schema, &bad), Some(false), "{bad}");
        }
        assert_eq!(
            fits(
                &json!({"patternProperties": {}, "additionalProperties": false}),
                &json!({"x": 1})
            ),
            Some(true)
        );
        assert_eq!(fits(&json!(false), &json!(1)), Some(false));
    }

    /// Work that doubled at every level, or had no end.
    #[test]
    fn hostile_schemas_take_bounded_time() {
        assert_eq!(fits(&json!({"$ref": "#"}), &json!(1)), None);
        let mut schema = json!({"type": "string"});
        for _ in 0..40 {
            schema = json!({"anyOf": [schema.clone(), {"allOf": []}]});
        }
        let twice = json!({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/b"}]},
            "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"});
        assert_eq!(fits(&twice, &json!(1)), None);
        let list = json!({"items": {"enum": (0..1000).collect::<Vec<_>>()}});
        let value = json!(vec![-1; 1000]);
        assert_eq!(fits(&list, &value), Some(false));
        assert_eq!(fits(&list, &json!(vec![999; 1000])), None);
        assert_eq!(fits(&schema, &json!(1)), Some(true));
    }
}
