//! The words that everything else is made of: colours, Kubernetes objects as JSON, and the writes
//! that change them. No I/O, no decisions.

mod colour;
mod object;
mod optional;
mod patch;
mod stamp;

pub use colour::Colour;
pub use object::{Id, Kind, Objects, Version, annotation, label, name, string_map, version};
pub use optional::{Optional, Others, Unknown};
pub use patch::{Write, annotate, pointer};
pub use stamp::of_app;

/// The label value that marks every object which bluegreen makes.
pub const MANAGER: &str = "bluegreen";
/// The label that says by whom an object is managed.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The label that names the app an object belongs to.
pub const APP_LABEL: &str = "bluegreen/app";
/// The pod label that names the slot.
pub const COLOUR_LABEL: &str = "bluegreen/colour";
/// The number of the release that wrote an object: pod label, and annotation. On an object that several
/// apps may share it is the app's own, by `of_app`; where 0.1.0 was at work it may stand there as it is.
pub const RELEASE: &str = "bluegreen/release";
/// The annotation that a new driver raises, so that its predecessor's late writes fail. On an object that
/// several apps may share it is the app's own, too.
pub const EPOCH: &str = "bluegreen/epoch";
/// The annotation that holds the hash of the pod template as it was sent.
pub const TEMPLATE_HASH: &str = "bluegreen/template-hash";
