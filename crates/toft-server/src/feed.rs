//! Bodies of answers: whole ones, and streams that go on for as long as somebody listens.

use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Response, StatusCode, header};
use hyper::body::{Body as HttpBody, Bytes, Frame as HttpFrame, SizeHint};
use toft_api::http::HttpResponse as ApiResponse;
use toft_host::Frame;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

use crate::service::HttpResponse;

/// How long a watch lasts whose client names no time.
///
/// Source: apiserver 0.36.3 `pkg/server/config.go`, `MinRequestTimeout`: 1800 s up to twice of that; this is
/// the middle, so that a run needs no chance.
const WATCH: Duration = Duration::from_mins(45);

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Body {
    /// All of it at once; `None` when it has been taken.
    Whole(Option<Bytes>),
    /// Frames as they come, until the sender or the time ends.
    Stream(Stream),
}

/// Frames as they come.
#[derive(Debug)]
pub(crate) struct Stream {
    frames: mpsc::Receiver<Frame>,
    end: Pin<Box<Sleep>>,
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<HttpFrame<Bytes>, Infallible>>> {
        let framed = |bytes: Bytes| Some(Ok(HttpFrame::data(bytes)));
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().and_then(framed)),
            Self::Stream(stream) => {
                if let Poll::Ready(next) = stream.frames.poll_recv(context) {
                    return Poll::Ready(next.and_then(|frame| framed(Bytes::from_owner(frame))));
                }
                stream.end.as_mut().poll(context).map(|()| None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// A whole answer.
pub(crate) fn whole(status: StatusCode, content_type: &str, body: Vec<u8>) -> HttpResponse {
    let body = Some(Bytes::from(body)).filter(|body| !body.is_empty());
    let mut response = Response::new(Body::Whole(body));
    *response.status_mut() = status;
    head(&mut response, content_type);
    response
}

/// An answer of the API.
pub(crate) fn written(answer: ApiResponse) -> HttpResponse {
    let status = StatusCode::from_u16(answer.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = whole(status, answer.content_type, answer.body);
    let headers = response.headers_mut();
    for warning in answer.warnings {
        // What no header can carry is left out, as upstream does.
        if let Ok(warning) = warning.parse() {
            headers.append(header::WARNING, warning);
        }
    }
    if answer.retry_after_seconds > 0 {
        headers.insert(header::RETRY_AFTER, answer.retry_after_seconds.into());
    }
    response
}

/// A watch, for so many seconds.
pub(crate) fn watch(frames: mpsc::Receiver<Frame>, seconds: Option<u64>) -> HttpResponse {
    stream(
        frames,
        "application/json",
        seconds.map_or(WATCH, Duration::from_secs),
    )
}

/// Frames as they come, for so long.
pub(crate) fn stream(
    frames: mpsc::Receiver<Frame>,
    content_type: &str,
    patience: Duration,
) -> HttpResponse {
    let end = Box::pin(sleep(patience.min(DAY)));
    let mut response = Response::new(Body::Stream(Stream { frames, end }));
    head(&mut response, content_type);
    response
}

/// Clients may name any number of seconds; a timer cannot hold every number.
const DAY: Duration = Duration::from_hours(24);

/// Headers that every answer of upstream has.
fn head(response: &mut HttpResponse, content_type: &str) {
    let headers = response.headers_mut();
    if let Ok(content_type) = content_type.parse() {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    let private = header::HeaderValue::from_static("no-cache, private");
    headers.insert(header::CACHE_CONTROL, private);
}
