//! Websockets and slow downloads across switches with the default drain: none is cut.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use k8s_openapi::jiff::Timestamp;
use libtest_mimic::Trial;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::pair::{OLD, Pair};
use super::parrot::V2;
use super::saved::save;
use super::served::Served;
use crate::bed::ingress::Ingress;
use crate::bed::{Bed, SOON, wait_for};
use crate::load::lasting::{Kind, Lasting, Life};
use crate::load::long::{Socket, Websockets};
use crate::load::staying::Asking;
use crate::results::{self, Measured, Replaced};

/// Of each kind, at any moment.
const AT_A_TIME: u32 = 50;
/// All are shorter than the drain, 30 s by default: one that was open before a switch ends by itself.
const WEBSOCKET: Duration = Duration::from_secs(25);
const DOWNLOAD: Duration = Duration::from_secs(20);
const SWITCHES: usize = 5;
/// Connections of each kind.
const HTTP2: usize = 20;
/// So that every connection is open, and has had an answer.
const WARM: Duration = Duration::from_secs(3);

pub fn trials() -> Vec<Trial> {
    crate::cases![a_switch_cuts_only_what_outlives_the_drain]
}

pub fn long() -> Vec<Trial> {
    crate::cases![five_switches_cut_nothing, workers_that_were_replaced_end]
}

async fn a_switch_cuts_only_what_outlives_the_drain(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let (lasting, ()) = tokio::try_join!(across(&bed, &ingress, 1), outlives(&bed, &ingress))?;
    uncut(&lasting)
}

async fn five_switches_cut_nothing(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let lasting = across(&bed, &ingress, SWITCHES).await?;
    let checked = uncut(&lasting);
    save("lasting::five_switches_cut_nothing", Measured::Lasting(lasting))?;
    checked
}

async fn across(bed: &Arc<Bed>, ingress: &Ingress, switches: usize) -> Result<results::Lasting> {
    let served = Served::behind(bed, ingress, 1).await?;
    let (at, host) = (ingress.http1(), served.host.as_str());
    let websockets = Lasting::start(AT_A_TIME, Kind::Websocket, WEBSOCKET, at, host);
    let downloads = Lasting::start(AT_A_TIME, Kind::Download, DOWNLOAD, at, host);
    for n in 0..switches {
        match n % 2 {
            0 => served.app.ok(&["deploy", "parrot", "--image", V2, "--yes"]).await?,
            _ => served.app.ok(&["rollback", "parrot"]).await?,
        };
    }
    let (websockets, downloads) = (websockets.stop().await?, downloads.stop().await?);
    let switched = served.switched().await?;
    ensure!(switched.len() == switches, "{switched:?}");
    Ok(results::Lasting {
        switches,
        websockets: counted(WEBSOCKET, &websockets, &switched),
        downloads: counted(DOWNLOAD, &downloads, &switched),
    })
}

fn counted(length: Duration, lives: &[Life], switched: &[Timestamp]) -> results::Kind {
    let cut = lives.iter().filter_map(|life| life.cut.as_ref());
    let cut = cut.inspect(|error| eprintln!("lasting: cut: {error:#}")).count();
    let across = |at: &Timestamp| lives.iter().filter(|life| life.was_open_at(*at)).count();
    results::Kind {
        at_a_time: AT_A_TIME as usize,
        seconds_each: length.as_secs(),
        opened: lives.len(),
        across: switched.iter().map(across).sum(),
        cut,
    }
}

fn uncut(lasting: &results::Lasting) -> Result<()> {
    for (what, kind) in [("websockets", &lasting.websockets), ("downloads", &lasting.downloads)] {
        let results::Kind { opened, across, cut, .. } = *kind;
        eprintln!("lasting: {opened} {what}, {across} of them across a switch, {cut} cut");
        ensure!(cut == 0, "{cut} of {opened} {what} were cut");
        // One that has just ended may not be followed by the next yet.
        let most = kind.at_a_time * lasting.switches;
        ensure!(across * 10 >= most * 9, "only {across} of {most} {what} saw a switch");
    }
    Ok(())
}

/// The proof that a cut would be seen, and what the page says of one that outlives the drain: these
/// pods do not handle SIGTERM.
async fn outlives(bed: &Arc<Bed>, ingress: &Ingress) -> Result<()> {
    let served = Served::behind(bed, ingress, 1).await?;
    let (at, host) = (ingress.http1(), served.host.as_str());
    let sockets = Websockets::open(5, at, host).await?;
    served.app.ok(&["deploy", "parrot", "--image", V2, "--yes", "--drain", "2s"]).await?;
    served.app.settled("parrot", 0).await?;
    let (_, cut) = sockets.close().await;
    ensure!(cut.len() == 5, "{} of 5 were cut: {cut:?}", cut.len());
    Ok(())
}

/// However long the drain is: nginx ends at last what is left of workers that a reload replaced. Both
/// versions stay.
async fn workers_that_were_replaced_end(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = Pair::served(&bed, &ingress).await?;
    pair.keep_warm(&ingress).await?;
    let websockets: Vec<_> = (0..5).map(|_| websocket(&ingress, &pair)).collect();
    let asking = |path, gap| {
        let (at, host) = (ingress.http2(), pair.host.clone());
        Asking { at, host, path, gap }
    };
    let short = asking("/", Duration::from_secs(1));
    let steady = asking("/", Duration::from_millis(5));
    let slow = asking("/slow?ms=200", Duration::ZERO);
    let busy = talking(&slow).await?;
    let steady = talking(&steady).await?;
    let idle = talking(&short).await?;
    sleep(WARM).await;
    let silent = connected(&short).await?;
    let before = ingress.reloads();
    pair.switch("new").await?;
    wait_for("a reload", SOON, async || Ok((ingress.reloads() > before).then_some(()))).await?;
    let reloaded = Instant::now();
    let opened = spoken(&short, silent);
    let replaced = Replaced {
        websockets: seconds(reloaded, websockets).await?,
        busy_http2: seconds(reloaded, busy).await?,
        steady_http2: seconds(reloaded, steady).await?,
        idle_http2: seconds(reloaded, idle).await?,
        opened_http2: seconds(reloaded, opened).await?,
    };
    save("lasting::workers_that_were_replaced_end", Measured::Replaced(replaced))
}

async fn connected(asking: &Asking) -> Result<Vec<TcpStream>> {
    try_join_all((0..HTTP2).map(|_| asking.connect())).await
}

fn spoken(asking: &Asking, on: Vec<TcpStream>) -> Vec<JoinHandle<Result<Option<Instant>>>> {
    on.into_iter().map(|stream| tokio::spawn(asking.clone().last_of(stream, OLD))).collect()
}

async fn talking(asking: &Asking) -> Result<Vec<JoinHandle<Result<Option<Instant>>>>> {
    Ok(spoken(asking, connected(asking).await?))
}

fn websocket(ingress: &Ingress, pair: &Pair) -> JoinHandle<Result<Option<Instant>>> {
    let (at, host) = (ingress.http1(), pair.host.clone());
    tokio::spawn(async move {
        let (_open, stopped) = watch::channel(false);
        let socket = Socket::open(at, &host).await?;
        let ended = socket.talk(Duration::from_secs(1), stopped).await;
        ensure!(ended.is_err(), "a websocket ended by itself: {ended:?}");
        Ok(Some(Instant::now()))
    })
}

/// From `since`, in order.
async fn seconds(
    since: Instant,
    ends: Vec<JoinHandle<Result<Option<Instant>>>>,
) -> Result<Vec<u64>> {
    let mut all = Vec::new();
    for end in ends {
        let end = end.await??;
        all.extend(end.map(|end| end.saturating_duration_since(since).as_secs()));
    }
    all.sort_unstable();
    Ok(all)
}
