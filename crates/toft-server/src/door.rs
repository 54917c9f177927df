//! The door: a socket on loopback, TLS, and HTTP/1.1 and HTTP/2 behind it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use crate::identity::{Identity, IdentityError};
use crate::service::{self, Service};

/// How many connections are open at once; a `kubectl` opens one or two, a controller two or three.
const CONNECTIONS_MAX: usize = 256;
/// How many requests one HTTP/2 connection carries at once, as upstream has it.
const STREAMS_MAX: u32 = 250;
/// How long a client may take for the TLS handshake, as upstream has it for reading request heads.
const HANDSHAKE: Duration = Duration::from_secs(32);
/// How long a client may take to send the head of a request, as upstream has it.
const HEAD: Duration = Duration::from_secs(32);
/// How often a silent HTTP/2 client is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The name of HTTP/2 in TLS.
const HTTP_2: &[u8] = b"h2";
/// How long connections get to finish when the door closes.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long to wait after the operating system refused a connection (no more file descriptors, …).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the door does not open.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Somebody else listens there.
    #[error("port {0} is in use")]
    PortInUse(u16),
    /// The port cannot be listened on.
    #[error("failed to listen on port {port} of 127.0.0.1")]
    Listen {
        /// The port; 0 for any.
        port: u16,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// There is no certificate to show.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The thread behind the door did not start.
    #[error("failed to start the server")]
    Start(#[source] io::Error),
}

/// A bound socket; nobody is let in yet.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

/// An open door; it closes when it is told to, or dropped.
#[derive(Debug)]
pub struct OpenDoor {
    close: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    /// Takes a port of 127.0.0.1; 0 takes any free one.
    ///
    /// # Errors
    /// The port is in use or may not be used.
    pub fn bind(port: u16) -> Result<Self, DoorError> {
        let told = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => DoorError::PortInUse(port),
            _ => DoorError::Listen { port, source },
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(told)?;
        listener.set_nonblocking(true).map_err(told)?;
        let address = listener.local_addr().map_err(told)?;
        Ok(Self { listener, address })
    }

    /// Where the door is, such as `127.0.0.1:6443`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets clients in, on a thread of its own.
    ///
    /// # Errors
    /// The identity is damaged, or the thread does not start.
    pub fn open(self, identity: &Identity, service: Service) -> Result<OpenDoor, DoorError> {
        let acceptor = TlsAcceptor::from(identity.server_config()?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(DoorError::Start)?;
        let (close, closed) = oneshot::channel();
        let serve = move || {
            runtime.block_on(serve(self.listener, acceptor, Arc::new(service), closed));
            // Whoever is still connected after the farewell is cut off.
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("door".to_owned()).spawn(serve);
        Ok(OpenDoor {
            close: Some(close),
            thread: Some(thread.map_err(DoorError::Start)?),
        })
    }
}

impl OpenDoor {
    /// Closes the door: requests under way get a moment to finish.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.close.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for OpenDoor {
    fn drop(&mut self) {
        self.end();
    }
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    service: Arc<Service>,
    mut closed: oneshot::Receiver<()>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let accepted = tokio::select! {
            _ = &mut closed => break,
            accepted = async { (place.await, listener.accept().await) } => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let (Ok(place), Ok((stream, _))) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (acceptor, service) = (acceptor.clone(), Arc::clone(&service));
        connections.spawn(async move {
            talk(stream, acceptor, service).await;
            drop(place);
        });
    }
    drop(listener);
    drop(
        timeout(FAREWELL, async {
            while connections.join_next().await.is_some() {}
        })
        .await,
    );
}

/// One connection, from the handshake to its end.
async fn talk(stream: TcpStream, acceptor: TlsAcceptor, service: Arc<Service>) {
    drop(stream.set_nodelay(true));
    let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else {
        debug!("a client gave up during the TLS handshake");
        return;
    };
    // What TLS agreed on is what is spoken: nothing is left to be guessed from the first bytes.
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = if stream.get_ref().1.alpn_protocol() == Some(HTTP_2) {
        builder.http2_only()
    } else {
        builder.http1_only()
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(KEEP_ALIVE);
    let answer = service_fn(move |request| service::answer(Arc::clone(&service), request));
    let served = builder.serve_connection(TokioIo::new(stream), answer).await;
    if let Err(error) = served {
        debug!(error = %error, "a connection ended early");
    }
}
