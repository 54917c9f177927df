//! Requests over HTTP: bounded in time and size, followed with care, repeated where that helps.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::address::{Address, Scheme};
use super::connect::{Stream, connect};
use super::credentials::Credentials;
use super::error::FetchError;
use super::secret::Secret;

/// How often a server may send elsewhere; browsers follow 20, and no registry found needs more than 3.
const REDIRECTS_MAX: usize = 5;

/// How often a request is made where the server does not answer or is not well.
const TRIES_MAX: u32 = 3;

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes of an answer.
    pub next: Duration,
    /// For a whole answer.
    pub whole: Duration,
    /// Before a request is repeated; twice as long before each further time.
    pub pause: Duration,
}

impl Default for Patience {
    /// A slow line at home brings an archive of 100 MiB in ten minutes.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            next: Duration::from_secs(30),
            whole: Duration::from_mins(10),
            pause: Duration::from_millis(500),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    address: Address,
    headers: Vec<(HeaderName, String)>,
    authorization: Option<Secret>,
    body: Option<Bytes>,
    bytes_max: u64,
}

impl Ask {
    /// What stands at an address, of which at most so many bytes are taken.
    pub(crate) fn get(address: &Address, bytes_max: u64) -> Self {
        Self {
            address: address.clone(),
            headers: Vec::new(),
            authorization: None,
            body: None,
            bytes_max,
        }
    }

    /// The answer to something that is sent.
    pub(crate) fn post(address: &Address, body: Vec<u8>, bytes_max: u64) -> Self {
        Self {
            body: Some(body.into()),
            ..Self::get(address, bytes_max)
        }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Who asks, instead of what the credentials say; for this server alone.
    pub(crate) fn authorized(mut self, authorization: Option<Secret>) -> Self {
        self.authorization = authorization;
        self
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Where it was answered, after all redirects.
    pub(crate) address: Address,
}

impl Answer {
    /// The answer, if it is a success.
    pub(crate) fn good(self) -> Result<Self, FetchError> {
        if (200..300).contains(&self.code) {
            return Ok(self);
        }
        let status = hyper::StatusCode::from_u16(self.code);
        Err(FetchError::Status {
            url: self.address.to_string(),
            status: status.map_or_else(|_| self.code.to_string(), |status| status.to_string()),
            code: self.code,
        })
    }

    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Asks servers.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) credentials: Credentials,
    pub(crate) patience: Patience,
}

impl Client {
    /// Asks, follows where that is safe, and asks again where the server is not well.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Answer, FetchError> {
        let mut pause = self.patience.pause;
        for _ in 1..TRIES_MAX {
            match self.follow(ask).await {
                Err(
                    FetchError::Unreachable { .. }
                    | FetchError::TimedOut {
                        doing: CONNECTING, ..
                    },
                ) => {}
                Ok(answer) if answer.code >= 500 || answer.code == 429 => {}
                done => return done,
            }
            sleep(pause).await;
            pause *= 2;
        }
        self.follow(ask).await
    }

    async fn follow(&self, ask: &Ask) -> Result<Answer, FetchError> {
        let mut at = ask.address.clone();
        for _ in 0..=REDIRECTS_MAX {
            let answer = self.once(ask, &at).await?;
            if !matches!(answer.code, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            at = next(&answer, ask)?;
        }
        Err(FetchError::Redirect {
            url: ask.address.to_string(),
            cause: format!("more than {REDIRECTS_MAX} times"),
        })
    }

    async fn once(&self, ask: &Ask, at: &Address) -> Result<Answer, FetchError> {
        let late = |doing, waited: Duration| FetchError::TimedOut {
            url: at.to_string(),
            doing,
            seconds: waited.as_secs(),
        };
        let Patience {
            connect: connecting,
            next,
            whole,
            ..
        } = self.patience;
        let deadline = Instant::now() + whole;
        let stream = timeout(connecting, connect(at, &self.credentials))
            .await
            .map_err(|_| late(CONNECTING, connecting))??;
        let request = self.request(ask, at)?;
        let response = timeout(next, send(stream, request, at))
            .await
            .map_err(|_| late("to answer", next))??;
        let code = response.status().as_u16();
        let headers = response.headers().clone();
        let url = at.to_string();
        let reading = timeout_at(deadline, read(response, ask.bytes_max, (&url, next)));
        let body = reading
            .await
            .map_err(|_| late("to answer to the end", whole))??;
        Ok(Answer {
            code,
            headers,
            body,
            address: at.clone(),
        })
    }

    fn request(&self, ask: &Ask, at: &Address) -> Result<Request<Full<Bytes>>, FetchError> {
        let wrong = |cause: String| FetchError::Address {
            text: at.to_string(),
            cause,
        };
        let method = if ask.body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let body = Full::new(ask.body.clone().unwrap_or_default());
        let mut request = Request::builder()
            .method(method)
            .uri(&at.path)
            .header(header::HOST, at.authority())
            .header(header::USER_AGENT, USER_AGENT)
            .body(body)
            .map_err(|error| wrong(error.to_string()))?;
        for (name, value) in &ask.headers {
            let value = HeaderValue::from_str(value).map_err(|error| wrong(error.to_string()))?;
            request.headers_mut().insert(name, value);
        }
        let own = ask.authorization.clone();
        let own = own.filter(|_| at.same_origin(&ask.address) && at.is_private());
        let authorization = own.or_else(|| Some(self.credentials.login(at)?.header()));
        if let Some(authorization) = authorization {
            let value = HeaderValue::from_str(authorization.reveal());
            // The text of the error is left out: it is about a secret.
            let mut value =
                value.map_err(|_| wrong("its credentials hold what no header can".to_owned()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }
}

/// What is done while a connection is made: nothing was sent yet, so it may be tried again.
const CONNECTING: &str = "to connect";

/// Git servers know clients by the first word.
const USER_AGENT: &str = concat!("git/2.50 toft/", env!("CARGO_PKG_VERSION"));

/// Where an answer sends to, if that is safe: never from https to http, nothing that is sent goes elsewhere.
fn next(answer: &Answer, ask: &Ask) -> Result<Address, FetchError> {
    let from = &answer.address;
    let refused = |cause: String| FetchError::Redirect {
        url: from.to_string(),
        cause,
    };
    let location = answer.header("location");
    let location = location.ok_or_else(|| refused("it does not say where".to_owned()))?;
    let to = from
        .join(location)
        .map_err(|cause| refused(format!("what it names cannot be fetched: {cause}")))?;
    if to.is_loopback() && !from.is_loopback() {
        return Err(refused(format!("{to} is this machine")));
    }
    if to.scheme == Scheme::Http && !to.is_loopback() {
        return Err(refused(format!("{to} is not https")));
    }
    if ask.body.is_some() && !to.same_origin(from) {
        return Err(refused(format!("what was sent does not go on to {to}")));
    }
    Ok(to)
}

async fn send(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    at: &Address,
) -> Result<Response<Incoming>, FetchError> {
    let failed = |error: hyper::Error| FetchError::Unreachable {
        host: at.host.clone(),
        cause: error.to_string(),
    };
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(failed)?;
    // It ends with the answer, or with the sender; what it says is said to who reads.
    drop(tokio::spawn(connection));
    sender.send_request(request).await.map_err(failed)
}

async fn read(
    response: Response<Incoming>,
    bytes_max: u64,
    (url, next): (&str, Duration),
) -> Result<Bytes, FetchError> {
    let too_large = || FetchError::TooLarge {
        url: url.to_owned(),
        bytes_max,
    };
    let announced = response.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    loop {
        let frame = timeout(next, body.frame())
            .await
            .map_err(|_| FetchError::TimedOut {
                url: url.to_owned(),
                doing: "to go on",
                seconds: next.as_secs(),
            })?;
        let Some(frame) = frame else {
            return Ok(bytes.into());
        };
        let frame = frame.map_err(|error| FetchError::Answer {
            url: url.to_owned(),
            cause: format!("it ends in the middle: {error}"),
        })?;
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() as u64 + data.len() as u64 > bytes_max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
}
