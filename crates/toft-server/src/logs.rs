//! `kubectl logs --follow`: the log is read again and again, and what is new goes out.

use std::sync::Arc;
use std::time::Duration;

use toft_api::{Request, Response, ResponseBody, Target, Verb};
use toft_host::{Answer, Frame};
use tokio::sync::mpsc;

use crate::feed;
use crate::service::{HttpResponse, Service};

/// How often a followed log is read.
const EVERY: Duration = Duration::from_secs(1);

/// How long a log is followed at most, as long as upstream keeps any stream.
const FOLLOW: Duration = Duration::from_hours(4);

/// How many pieces wait for a client; whoever is slower waits the reading up, not the cluster.
const PIECES_WAITING_MAX: usize = 4;

/// Whether a request follows a log.
pub(crate) fn is_followed(request: &Request) -> bool {
    match &request.target {
        Target::Resource(path) => {
            request.verb == Verb::Get && path.subresource == "log" && request.options.log.follow
        }
        Target::Document(_) => false,
    }
}

/// The log so far and what is added to it, until the container, its pod or the client is gone.
pub(crate) fn follow(service: &Arc<Service>, so_far: Response, request: Request) -> HttpResponse {
    let (pieces, receiver) = mpsc::channel(PIECES_WAITING_MAX);
    let service = Arc::clone(service);
    tokio::spawn(async move {
        let first = text(so_far);
        if pieces.send(piece(&first)).await.is_err() {
            return;
        }
        let mut whole = request;
        whole.options.log.tail_lines = None;
        whole.options.log.since_seconds = None;
        whole.options.log.limit_bytes = None;
        let mut told: Option<usize> = None;
        while let Some(now) = read(&service, &whole).await {
            // What was there at the first look was told, or was not asked for.
            let start = told.unwrap_or(now.len());
            let added = now.get(start..).unwrap_or_default();
            told = Some(now.len());
            if !added.is_empty() && pieces.send(piece(added)).await.is_err() {
                return;
            }
            tokio::select! {
                () = pieces.closed() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    });
    feed::stream(receiver, "text/plain", FOLLOW)
}

async fn read(service: &Service, request: &Request) -> Option<String> {
    match service.ask(request.clone()).await {
        Ok(Answer::Response(response)) if response.error().is_none() => Some(text(response)),
        Ok(Answer::Response(_) | Answer::Watch(_)) | Err(_) => None,
    }
}

fn text(response: Response) -> String {
    match response.body {
        ResponseBody::Text(text) => text,
        ResponseBody::Value(_) | ResponseBody::Error(_) | ResponseBody::Watch(_) => String::new(),
    }
}

fn piece(text: &str) -> Frame {
    text.as_bytes().into()
}
