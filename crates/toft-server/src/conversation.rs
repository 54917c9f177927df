//! A connection to the door of another process of ours, for many requests one after the other.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use toft_api::{ApiError, Reason, Request, Response, ResponseBody};
use toft_value::Value;

use crate::client::ClientError;
use crate::identity::{Identity, IdentityError};

/// The other process answers from memory, once it has time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest answer: a list of every object of one kind.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// How many lines a head may have; ours have some ten.
const HEAD_LINES_MAX: usize = 100;

/// A connection to the API server of another process of ours.
pub struct Conversation {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    address: String,
    token: String,
}

impl Conversation {
    /// Connects.
    ///
    /// # Errors
    /// The door is not reached, or is another one.
    pub fn open(identity: &Identity, address: &str) -> Result<Self, ClientError> {
        let socket = address.parse::<SocketAddr>();
        let socket = socket.map_err(|_| ClientError::Address(address.to_owned()))?;
        let config = identity.client_config()?;
        let name = ServerName::IpAddress(socket.ip().into());
        let tls = ClientConnection::new(config, name).map_err(IdentityError::from)?;
        let connect = || {
            let stream = TcpStream::connect_timeout(&socket, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            stream.set_nodelay(true)?;
            Ok(StreamOwned::new(tls, stream))
        };
        let stream = connect().map_err(|source| ClientError::Unreachable {
            address: address.to_owned(),
            source,
        })?;
        Ok(Self {
            stream: BufReader::new(stream),
            address: address.to_owned(),
            token: identity.token().to_owned(),
        })
    }

    /// Sends a request and waits for its answer. What the server refuses is an answer too.
    ///
    /// # Errors
    /// The other process does not answer, or not in words that are understood.
    pub fn ask(&mut self, request: &Request) -> Result<Response, ClientError> {
        let (code, body) = self.exchange(request).map_err(|source| {
            let address = self.address.clone();
            ClientError::Unreachable { address, source }
        })?;
        let refused = || ClientError::Refused {
            address: self.address.clone(),
            status: code,
        };
        let value = Value::from_json(&body).map_err(|_| refused())?;
        let body = if code < 300 {
            ResponseBody::Value(value)
        } else {
            let message = value.str_at(&["message"]).unwrap_or_default();
            ResponseBody::Error(ApiError::new(reason(code), message))
        };
        Ok(Response {
            code,
            body,
            warnings: Vec::new(),
        })
    }

    fn exchange(&mut self, request: &Request) -> io::Result<(u16, Vec<u8>)> {
        let call = request.to_http();
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nAccept: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
            call.method,
            call.target,
            self.token,
            call.accept,
            call.content_type,
            call.body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(&call.body)?;
        stream.flush()?;
        let (code, length) = self.head()?;
        if length > ANSWER_BYTES_MAX {
            return Err(not_understood("the answer is too long"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((code, body))
    }

    /// The status of an answer, and how long its body is.
    fn head(&mut self) -> io::Result<(u16, usize)> {
        let (mut code, mut length) = (None, None);
        for _ in 0..HEAD_LINES_MAX {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if code.is_none() {
                code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
            }
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
        }
        let head = code.zip(length);
        head.ok_or_else(|| not_understood("the answer has no status or no length"))
    }
}

fn not_understood(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// What a status stands for, as far as somebody decides by it.
fn reason(code: u16) -> Reason {
    match code {
        403 => Reason::Forbidden,
        404 => Reason::NotFound,
        409 => Reason::Conflict,
        422 => Reason::Invalid,
        _ => Reason::InternalError,
    }
}
