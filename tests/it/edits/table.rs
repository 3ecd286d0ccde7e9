//! One outcome each, as data: what the tests assert, and what `docs/changes-under-us.md` shows.

use bluegreen::model::Colour;
use bluegreen::release::Phase;

use super::changes::Change;

/// When it happens: a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// No release is in progress, and this one is live.
    Idle(Colour),
    In(Phase),
}

pub const WHEN: [When; 8] = [
    When::Idle(Colour::Blue),
    When::Idle(Colour::Green),
    When::In(Phase::Starting),
    When::In(Phase::Waiting),
    When::In(Phase::Switching),
    When::In(Phase::Confirming),
    When::In(Phase::Baking),
    When::In(Phase::Draining),
];

impl When {
    fn words(self) -> String {
        match self {
            When::Idle(live) => format!("idle, {live} live"),
            When::In(phase) => phase.to_string(),
        }
    }
}

/// What becomes of the release in progress; of the next one, where none is: a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Becomes {
    /// It goes live as if nothing had happened.
    Live,
    /// It stops, and both versions are kept.
    Stops,
    /// It is not begun.
    Unfit,
    /// There is nothing yet that could be changed.
    Nothing,
}

impl Becomes {
    pub fn code(self) -> u8 {
        match self {
            Becomes::Live | Becomes::Nothing => 0,
            Becomes::Stops => 7,
            Becomes::Unfit => 10,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Becomes::Live => "goes live",
            Becomes::Stops => "stops (7)",
            Becomes::Unfit => "refused (10)",
            Becomes::Nothing => "",
        }
    }
}

/// What puts it right after that, in this order, before the next release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    Abort,
    /// The user's own manifest, with the objects that are missing.
    Apply,
    /// The live Service's selector, by hand.
    Select,
    Init,
}

impl Remedy {
    fn words(self) -> &'static str {
        match self {
            Remedy::Abort => "`bluegreen abort`",
            Remedy::Apply => "apply your manifest again",
            Remedy::Select => "give the Service its selector back",
            Remedy::Init => "`bluegreen init`",
        }
    }
}

pub struct Row {
    pub change: Change,
    pub becomes: [Becomes; 8],
    pub remedies: &'static [Remedy],
}

const L: Becomes = Becomes::Live;
const S: Becomes = Becomes::Stops;
const U: Becomes = Becomes::Unfit;
const N: Becomes = Becomes::Nothing;

pub const TABLE: [Row; 14] = [
    row(Change::AnotherPath, [L, L, L, L, L, L, L, L], &[]),
    row(Change::AnotherHost, [L, L, L, L, L, L, L, L], &[]),
    row(Change::IngressMadeAgain, [L, L, L, L, L, L, L, L], &[]),
    row(Change::IngressDeleted, [U, U, S, S, S, S, S, S], &[Remedy::Abort, Remedy::Apply]),
    row(Change::LiveScaled, [L, L, L, L, L, L, L, L], &[]),
    row(Change::LiveEdited, [L, L, S, S, L, L, L, L], &[Remedy::Abort]),
    row(
        Change::LiveDeleted,
        [U, U, S, S, L, L, L, L],
        &[Remedy::Abort, Remedy::Apply, Remedy::Select],
    ),
    row(Change::CandidateEdited, [N, L, S, S, S, S, S, S], &[Remedy::Abort]),
    row(Change::CandidateDeleted, [N, U, L, S, S, S, S, S], &[Remedy::Abort, Remedy::Apply]),
    row(Change::ServicePort, [L, L, L, L, L, L, L, L], &[]),
    row(Change::ServiceElsewhere, [S, S, S, S, S, S, S, S], &[Remedy::Abort, Remedy::Select]),
    row(Change::ServiceDeleted, [U, U, S, S, S, S, S, S], &[Remedy::Abort, Remedy::Init]),
    row(Change::RecordDeleted, [U, U, S, S, S, S, S, S], &[Remedy::Init]),
    row(Change::Applied, [L, L, L, L, L, L, L, L], &[]),
];

const fn row(change: Change, becomes: [Becomes; 8], remedies: &'static [Remedy]) -> Row {
    Row { change, becomes, remedies }
}

/// As the page has it.
pub fn page() -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads = WHEN.map(When::words);
    let heads = [&["".to_owned()], &heads[..], &["then".to_owned()]].concat();
    let mut page = line(&heads) + &"|---".repeat(heads.len()) + "|\n";
    for row in &TABLE {
        let cells = row.becomes.iter().map(|becomes| becomes.words().to_owned());
        let remedies: Vec<&str> = row.remedies.iter().map(|remedy| remedy.words()).collect();
        let mut line_of = vec![row.change.words().to_owned()];
        line_of.extend(cells);
        line_of.push(remedies.join(", "));
        page += &line(&line_of);
    }
    page
}
