//! `schema`: what the JSON that goes in or out looks like, for programs.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};

use crate::cli::{self, SchemaOf};
use crate::event::Event;
use crate::release::status::Status;
use crate::report;

pub fn run(args: &cli::Schema) {
    let schema = match args.of {
        SchemaOf::Event => printed::<Event>("event"),
        SchemaOf::Status => printed::<Status>("status"),
    };
    let text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    report::document(&text);
}

/// Of what we print: a field that is always there is required, though it may be null.
fn printed<T: JsonSchema>(name: &str) -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with_transform(RecursiveTransform(unwrap));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), format!("urn:bluegreen:schema:{name}").into());
    schema.insert("title".to_owned(), format!("bluegreen {name}").into());
    schema
}

/// A description is a doc comment, and its line breaks are the source's.
fn unwrap(schema: &mut Schema) {
    if let Some(text) = schema.get_mut("description")
        && let Some(line) = text.as_str().map(|text| text.replace('\n', " "))
    {
        *text = line.into();
    }
}
