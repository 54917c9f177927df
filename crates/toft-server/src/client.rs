//! Asking the door of another process of ours: status and stop.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::identity::{Identity, IdentityError};

/// The other process answers from memory: whoever takes longer does not answer at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// An overview of a thousand apps has less than a mebibyte.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why the other process could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is nothing to prove who we are with.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The address in the state is none.
    #[error("`{0}` is no address")]
    Address(String),
    /// It cannot be reached, or hangs up.
    #[error("`{address}` does not answer")]
    Unreachable {
        /// Where it should be.
        address: String,
        /// What the network said.
        #[source]
        source: io::Error,
    },
    /// It answers with something else.
    #[error("`{address}` answered with status {status}")]
    Refused {
        /// Where it is.
        address: String,
        /// The HTTP status; 0 where the answer was none.
        status: u16,
    },
}

/// Sends a request without body to the door at `address` and gives the body of its answer.
///
/// # Errors
/// The door is not reached within ten seconds or refuses.
pub fn ask(identity: &Identity, address: &str, line: &str) -> Result<Vec<u8>, ClientError> {
    let socket = address.parse::<SocketAddr>();
    let socket = socket.map_err(|_| ClientError::Address(address.to_owned()))?;
    let config = identity.client_config()?;
    let name = ServerName::IpAddress(socket.ip().into());
    let tls = ClientConnection::new(config, name).map_err(IdentityError::from)?;
    let unreachable = |source| ClientError::Unreachable {
        address: address.to_owned(),
        source,
    };
    let answer = exchange(tls, socket, &head(identity, line)).map_err(unreachable)?;
    let refused = |status| ClientError::Refused {
        address: address.to_owned(),
        status,
    };
    let (status, body) = parse(&answer).ok_or_else(|| refused(0))?;
    if status == 200 {
        Ok(body.to_owned())
    } else {
        Err(refused(status))
    }
}

/// HTTP/1.0, so that the answer ends where the connection does.
fn head(identity: &Identity, line: &str) -> String {
    let token = identity.token();
    format!(
        "{line} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
    )
}

fn exchange(tls: ClientConnection, socket: SocketAddr, head: &str) -> io::Result<Vec<u8>> {
    let stream = TcpStream::connect_timeout(&socket, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(tls, stream);
    stream.write_all(head.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer) {
        // The other side may end without a farewell of TLS; the length of the body shows whether it is whole.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        Ok(_) | Err(_) => Ok(answer),
    }
}

fn parse(answer: &[u8]) -> Option<(u16, &[u8])> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (answer.get(..end)?, answer.get(end + 4..)?);
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    let is_whole = length.is_none_or(|length| length == body.len());
    is_whole.then_some((status, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_cut_is_none() {
        let whole = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(parse(whole), Some((200, &b"ok"[..])));
        assert_eq!(parse(&whole[..whole.len() - 1]), None);
        assert_eq!(parse(b"SSH-2.0-x"), None);
    }
}
