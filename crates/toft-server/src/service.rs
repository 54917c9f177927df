//! What happens to one HTTP request: who asks, what is asked, the answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderName};
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use toft_api::http::{BODY_BYTES_MAX, Encoding, HttpRequest};
use toft_api::{ApiError, Reason};
use toft_host::{Answer, Board, Line, LineError};
use tokio::time::timeout;

use crate::feed::{self, Body};
use crate::identity::Identity;
use crate::logs;

/// The name of whoever has the token.
const USER: &str = "toft";

/// How long a request may take, as upstream has it (`--request-timeout`).
const REQUEST: Duration = Duration::from_mins(1);

/// What is behind the door.
#[derive(Clone)]
pub struct Service {
    line: Line,
    board: Arc<Board>,
    bearer: String,
}

/// An answer on its way out.
pub(crate) type HttpResponse = http::Response<Body>;

impl Service {
    /// The cluster at the other end of `line`, for whoever has the token of `identity`.
    pub fn new(identity: &Identity, line: Line, board: Arc<Board>) -> Self {
        Self {
            line,
            board,
            bearer: format!("Bearer {}", identity.token()),
        }
    }

    fn knows(&self, request: &Request<Incoming>) -> bool {
        let shown = request.headers().get(header::AUTHORIZATION);
        shown.is_some_and(|shown| is_same(shown.as_bytes(), self.bearer.as_bytes()))
    }

    /// Asks the cluster; a refusal of the line becomes a refusal of the API.
    pub(crate) async fn ask(&self, request: toft_api::Request) -> Result<Answer, ApiError> {
        let answer = self.line.ask(request).map_err(|error| match error {
            LineError::Busy => {
                let mut busy = ApiError::new(
                    Reason::TooManyRequests,
                    "too many requests, please try again later",
                );
                busy.details.retry_after_seconds = 1;
                busy
            }
            LineError::Closed => stopped(),
        })?;
        match timeout(REQUEST, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(stopped()),
            Err(_) => Err(ApiError::new(
                Reason::Timeout,
                "request did not complete within the allotted timeout",
            )),
        }
    }
}

fn stopped() -> ApiError {
    ApiError::new(Reason::ServiceUnavailable, "the cluster has stopped")
}

/// Compares without telling by its duration where the first difference is.
fn is_same(shown: &[u8], right: &[u8]) -> bool {
    let difference = shown.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    shown.len() == right.len() && difference == 0
}

/// Answers one request; every trouble becomes an answer.
pub(crate) async fn answer(
    service: Arc<Service>,
    request: Request<Incoming>,
) -> Result<HttpResponse, Infallible> {
    let answered = answer_or_refuse(&service, request).await;
    let refused = |error: ApiError| feed::written(Encoding::default().response(&error.into()));
    Ok(answered.unwrap_or_else(refused))
}

async fn answer_or_refuse(
    service: &Arc<Service>,
    request: Request<Incoming>,
) -> Result<HttpResponse, ApiError> {
    if !service.knows(&request) && !is_public(&request) {
        return Err(ApiError::new(Reason::Unauthorized, "Unauthorized"));
    }
    if let Some(path) = request.uri().path().strip_prefix("/toft/v1/") {
        return own(service, request.method(), path);
    }
    if let Some(wish) = connection(request.uri().path()) {
        let message = format!("no program runs in a simulated pod: there is nothing to {wish}");
        return Err(ApiError::new(Reason::BadRequest, message));
    }
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    let (call, encoding) = understand(service, &head, &body)?;
    let patience = call.options.timeout_seconds;
    let followed = logs::is_followed(&call).then(|| call.clone());
    match (service.ask(call).await?, followed) {
        (Answer::Response(response), Some(request)) if response.error().is_none() => {
            Ok(logs::follow(service, response, request))
        }
        (Answer::Response(response), _) => Ok(feed::written(encoding.response(&response))),
        (Answer::Watch(frames), _) => Ok(feed::watch(frames, patience)),
    }
}

/// What a path wants of a container that runs.
fn connection(path: &str) -> Option<&'static str> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match segments.as_slice() {
        ["api", "v1", "namespaces", _, "pods", _, wish] => match *wish {
            "exec" => Some("execute a command in"),
            "attach" => Some("attach to"),
            "portforward" => Some("forward a port to"),
            _ => None,
        },
        _ => None,
    }
}

/// The call that HTTP brings, read with the kinds that are served now.
fn understand(
    service: &Service,
    head: &Parts,
    body: &[u8],
) -> Result<(toft_api::Request, Encoding), ApiError> {
    let header = |name: HeaderName| {
        let value = head.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let http = HttpRequest {
        method: head.method.as_str(),
        target,
        accept: header(header::ACCEPT),
        content_type: header(header::CONTENT_TYPE),
        agent: header(header::USER_AGENT),
        user: USER,
        body,
    };
    toft_api::http::read(&http, &service.board.latest().schemas)
}

/// Health is told to everybody, as upstream does.
fn is_public(request: &Request<Incoming>) -> bool {
    let path = request.uri().path();
    request.method() == Method::GET
        && ["/healthz", "/livez", "/readyz"].iter().any(|public| {
            path.strip_prefix(public)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

/// Our own words: how the cluster stands, and that it shall stop.
fn own(service: &Service, method: &Method, path: &str) -> Result<HttpResponse, ApiError> {
    match (method, path) {
        (&Method::GET, "overview") => {
            let overview = service.board.latest().overview;
            Ok(feed::whole(
                StatusCode::OK,
                "application/json",
                overview.to_json().into_bytes(),
            ))
        }
        (&Method::POST, "stop") => {
            service.line.stop().map_err(|_| stopped())?;
            Ok(feed::whole(
                StatusCode::OK,
                "application/json",
                b"{}".to_vec(),
            ))
        }
        (_, "overview" | "stop") => Err(ApiError::new(
            Reason::MethodNotAllowed,
            "the server does not allow this method on the requested resource",
        )),
        _ => Err(ApiError::new(
            Reason::NotFound,
            "the server could not find the requested resource",
        )),
    }
}

async fn read(body: Incoming) -> Result<Bytes, ApiError> {
    let limited = Limited::new(body, BODY_BYTES_MAX).collect();
    let read = timeout(REQUEST, limited).await;
    let read =
        read.map_err(|_| ApiError::new(Reason::Timeout, "the body did not arrive in time"))?;
    match read {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::new(
            Reason::RequestEntityTooLarge,
            format!("Request entity too large: limit is {BODY_BYTES_MAX}"),
        )),
        Err(error) => Err(ApiError::bad_request(format!(
            "failed to read the body: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_running_container_is_known_by_its_path() {
        let wishes = [
            (
                "/api/v1/namespaces/media/pods/sonarr/exec",
                Some("execute a command in"),
            ),
            (
                "/api/v1/namespaces/media/pods/sonarr/attach",
                Some("attach to"),
            ),
            (
                "/api/v1/namespaces/media/pods/sonarr/portforward",
                Some("forward a port to"),
            ),
            ("/api/v1/namespaces/media/pods/sonarr/log", None),
            ("/api/v1/namespaces/media/pods/exec", None),
        ];
        for (path, wish) in wishes {
            assert_eq!(connection(path), wish, "{path}");
        }
    }
}
