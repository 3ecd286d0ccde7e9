//! The two sides: the API server, and the sandbox. Each remembers what it said.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use bluegreen::sandbox;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use http::Request;
use http_body_util::{BodyExt, BodyStream, Full};
use hyper::body::{Body, Bytes};
use kube::Client;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::ask::{Ask, get};

pub enum Way {
    Real(Client),
    Sandbox(sandbox::Api),
}

pub struct Side {
    way: Way,
    /// By path: the metadata that an object had first, and has now.
    seen: BTreeMap<String, (Value, Value)>,
    start: String,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    pub code: u16,
    pub media: String,
    pub body: Value,
}

impl Side {
    pub fn new(way: Way) -> Side {
        Side { way, seen: BTreeMap::new(), start: String::new() }
    }

    pub fn forget(&mut self) {
        self.seen.clear();
    }

    /// The paths of all objects that it has told of.
    pub fn objects(&self) -> Vec<String> {
        self.seen.keys().cloned().collect()
    }

    pub async fn ask(&mut self, ask: &Ask) -> Result<Reply> {
        let request = self.request(ask)?;
        let (code, media, text) = match &mut self.way {
            Way::Real(client) => {
                whole(client.send(request.map(kube::client::Body::from)).await?).await?
            }
            Way::Sandbox(api) => {
                whole(api.clone().oneshot(request.map(Full::<Bytes>::from)).await?).await?
            }
        };
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        self.keep(ask, &body);
        Ok(Reply { code, media, body })
    }

    pub async fn mark(&mut self, collection: &str) -> Result<()> {
        let list = self.ask(&get(collection)).await?.body;
        let version = list["metadata"]["resourceVersion"].as_str();
        self.start = version.context("a list has a version")?.to_owned();
        Ok(())
    }

    pub async fn open(&mut self, ask: &Ask) -> Result<Events> {
        let request = self.request(ask)?;
        Ok(match &mut self.way {
            Way::Real(client) => {
                Events::of(client.send(request.map(kube::client::Body::from)).await?)
            }
            Way::Sandbox(api) => {
                Events::of(api.clone().oneshot(request.map(Full::<Bytes>::from)).await?)
            }
        })
    }

    fn request(&self, ask: &Ask) -> Result<Request<Vec<u8>>> {
        let fill = |text: &str| {
            let mut text = text.replace("<start>", &self.start);
            let namespace = ask.path.split("/namespaces/").nth(1).unwrap_or_default();
            let namespace = namespace.split(['/', '?']).next().unwrap_or_default();
            text = text.replace("<namespace>", namespace);
            let about = ask.object().unwrap_or_default();
            let known = self.seen.get(&about).or_else(|| self.seen.values().next());
            let (first, last) = known.cloned().unwrap_or_default();
            for (place, value) in [
                ("<first-version>", &first["resourceVersion"]),
                ("<version>", &last["resourceVersion"]),
                ("<uid>", &last["uid"]),
            ] {
                text = text.replace(place, value.as_str().unwrap_or("1"));
            }
            text
        };
        let mut request = Request::builder().method(ask.method).uri(fill(&ask.path));
        request = request.header("accept", ask.accept);
        if !ask.media.is_empty() {
            request = request.header("content-type", ask.media);
        }
        Ok(request.body(fill(&ask.body).into_bytes())?)
    }

    fn keep(&mut self, ask: &Ask, body: &Value) {
        let metadata = &body["metadata"];
        let (Some(name), Some(_)) = (metadata["name"].as_str(), metadata["uid"].as_str()) else {
            return;
        };
        let collection = ask.path.split('?').next().unwrap_or_default();
        // A name of a bad form may have been taken.
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let name = name.replace('+', "%20");
        let path = ask.object().unwrap_or_else(|| format!("{collection}/{name}"));
        let first = self.seen.get(&path).map_or(metadata, |(first, _)| first).clone();
        self.seen.insert(path, (first, metadata.clone()));
    }
}

fn media<B>(reply: &http::Response<B>) -> String {
    let media = reply.headers().get("content-type").and_then(|media| media.to_str().ok());
    media.unwrap_or_default().to_owned()
}

async fn whole<B>(reply: http::Response<B>) -> Result<(u16, String, String)>
where
    B: Body<Data = Bytes>,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let (code, media) = (reply.status().as_u16(), media(&reply));
    let text = reply.into_body().collect().await?.to_bytes();
    Ok((code, media, String::from_utf8(text.to_vec())?))
}

/// A watch that is open.
pub struct Events {
    code: u16,
    media: String,
    chunks: BoxStream<'static, Result<Bytes>>,
}

impl Events {
    fn of<B>(reply: http::Response<B>) -> Events
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        let (code, media) = (reply.status().as_u16(), media(&reply));
        let chunks = BodyStream::new(reply.into_body())
            .map_ok(|frame| frame.into_data().unwrap_or_default())
            .map_err(anyhow::Error::from);
        Events { code, media, chunks: chunks.boxed() }
    }

    /// All events, until the object of that name goes or the watch ends.
    pub async fn until_gone(mut self, name: &str) -> Result<Reply> {
        let (code, media) = (self.code, self.media);
        let (mut text, mut events) = (Vec::new(), Vec::new());
        while let Some(chunk) = self.chunks.try_next().await? {
            text.extend_from_slice(&chunk);
            while let Some(at) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=at).collect();
                let event: Value = serde_json::from_slice(&line)?;
                let metadata = &event["object"]["metadata"];
                // A namespace only begins to go.
                let goes = event["type"] == "DELETED" || metadata["deletionTimestamp"].is_string();
                let is_end = metadata["name"] == name && goes || event["type"] == "ERROR";
                events.push(event);
                if is_end {
                    return Ok(Reply { code, media, body: json!(events) });
                }
            }
        }
        // No watch, but a refusal.
        let body = if code == 200 {
            json!(events)
        } else {
            serde_json::from_slice(&text).unwrap_or_else(|_| events.pop().unwrap_or_default())
        };
        Ok(Reply { code, media, body })
    }
}
