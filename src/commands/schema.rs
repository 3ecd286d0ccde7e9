//! `schema`: what the JSON looks like that programs read and write.

use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};

use crate::cli::{self, SchemaOf};
use crate::event::Event;
use crate::release::checks::Report;
use crate::release::history::History;
use crate::release::status::Status;
use crate::report;
use crate::settings::Config;

pub fn run(args: &cli::Schema) {
    report::document(&text(args.of));
}

/// As it is printed.
pub fn text(of: SchemaOf) -> String {
    let schema = match of {
        SchemaOf::Event => schema::<Event>("event", Contract::Serialize),
        SchemaOf::Status => schema::<Status>("status", Contract::Serialize),
        SchemaOf::History => schema::<History>("history", Contract::Serialize),
        SchemaOf::Check => schema::<Report>("check", Contract::Serialize),
        SchemaOf::Config => schema::<Config>("config", Contract::Deserialize),
    };
    serde_json::to_string_pretty(&schema).expect("a schema is plain data")
}

/// Of what is printed (`Contract::Serialize`), where a field that is always there is required though
/// it may be null, or of what is read.
fn schema<T: JsonSchema>(name: &str, contract: Contract) -> Schema {
    let mut settings =
        SchemaSettings::draft2020_12().with_transform(RecursiveTransform(unwrap_lines));
    settings.contract = contract;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), format!("urn:bluegreen:schema:{name}").into());
    schema.insert("title".to_owned(), format!("bluegreen {name}").into());
    schema
}

/// A description is a doc comment: where its lines break is the source's own matter.
fn unwrap_lines(schema: &mut Schema) {
    let Some(text) = schema.get("description").and_then(|text| text.as_str()) else { return };
    let paragraphs: Vec<String> = text.split("\n\n").map(|one| one.replace('\n', " ")).collect();
    schema.insert("description".to_owned(), paragraphs.join("\n\n").into());
}
