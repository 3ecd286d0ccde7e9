//! `history`: the releases that are over, and how they ended.

use super::session::Session;
use super::{Surroundings, verdict};
use crate::cli::{self, Output};
use crate::cluster::Breadth;
use crate::error::Error;
use crate::model::Colour;
use crate::release::history;
use crate::report;

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::History,
) -> Result<(), Error> {
    let session = Session::open(around, common, args.app.as_ref()).await?;
    let s = session.look(Breadth::Record).await?;
    let Some((_, record)) = &s.record else {
        let s = session.look(Breadth::Serving).await?;
        return Err(match s.slot(Colour::Blue) {
            Some(_) => verdict::not_initialised(&session),
            None => verdict::no_deployment(&session),
        });
    };
    let history = history::of(&s.names, record);
    match session.output {
        Output::Json => report::json(&history),
        Output::Human => report::history(&history, session.cluster.clock().now()),
    }
    Ok(())
}
