//! Raw HTTP to a real API server, through `kubectl proxy`, which spares us the certificates.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use toft_testkit::exchange::{Answer, Exchange};

use crate::plane::Plane;

/// How long an answer may take; watches among the cases end by themselves after a second.
const ANSWER_SECONDS_MAX: u64 = 30;

/// A running `kubectl proxy`; it ends when this is dropped.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) port: u16,
}

impl Proxy {
    /// Starts it for the user of a plane, on a free port.
    pub(crate) fn start(plane: &Plane) -> Result<Self> {
        let mut command = plane.kubectl()?;
        command
            .args(["proxy", "--port=0", "--disable-filter"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().context("failed to start kubectl proxy")?;
        let stdout = child.stdout.take().context("the output is piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let port = line
            .trim()
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        let port = port.with_context(|| format!("kubectl proxy said `{}`", line.trim()));
        Ok(Self { child, port: port? })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("   failed to end kubectl proxy: {error}");
        }
    }
}

/// Sends one request over plain HTTP to a port of this machine.
///
/// The header `Pause-Seconds` is for the recorder: what upstream does in the background gets that time.
pub(crate) fn send(port: u16, exchange: &Exchange) -> Result<Answer> {
    if let Ok(seconds) = exchange.header("pause-seconds").parse() {
        std::thread::sleep(Duration::from_secs(seconds));
    }
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(ANSWER_SECONDS_MAX)))?;
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n",
        exchange.method, exchange.target
    );
    if exchange.header("user-agent").is_empty() {
        head.push_str("User-Agent: exchange\r\n");
    }
    for (name, value) in &exchange.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let length = exchange.body.len().to_string();
    head.extend([
        "Content-Length: ",
        &length,
        "

",
    ]);
    stream.write_all(head.as_bytes())?;
    stream.write_all(exchange.body.as_bytes())?;
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        // A server that refuses before it read the whole body resets the connection after its answer.
        Err(error) if error.kind() != ErrorKind::ConnectionReset || bytes.is_empty() => {
            return Err(error.into());
        }
        Ok(_) | Err(_) => {}
    }
    answer(&bytes)
}

fn answer(bytes: &[u8]) -> Result<Answer> {
    let split = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("the answer has no head")?;
    let (head, body) = bytes.split_at(split);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let code = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let headers: Vec<(String, &str)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim()))
        .collect();
    let all = |wanted: &str| {
        headers
            .iter()
            .filter(|(name, _)| name == wanted)
            .map(|(_, value)| (*value).to_owned())
            .collect::<Vec<_>>()
    };
    let body = body.get(4..).unwrap_or_default();
    let is_chunked = all("transfer-encoding")
        .iter()
        .any(|value| value == "chunked");
    let body = if is_chunked {
        chunks(body)
    } else {
        body.to_vec()
    };
    Ok(Answer {
        code: code.context("the answer has no status")?,
        content_type: all("content-type").into_iter().next().unwrap_or_default(),
        warnings: all("warning"),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn chunks(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let length = bytes
            .get(..end)
            .map(String::from_utf8_lossy)
            .and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
        let Some(length) = length.filter(|length| *length > 0) else {
            break;
        };
        let start = end + 2;
        body.extend_from_slice(bytes.get(start..start + length).unwrap_or_default());
        bytes = bytes.get(start + length + 2..).unwrap_or_default();
    }
    body
}
