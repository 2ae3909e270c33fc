// SPDX-License-Identifier: MIT

//! The Rust peer: mio, a slab of connections, one read buffer for all. On
//! preview1 the host hands over the listener; on WASI 0.2 the server opens it,
//! at the address in WASOCK_LISTEN.

use std::io::{self, ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

const LISTENER: Token = Token(usize::MAX);
const BUFFER_SIZE: usize = 65536;

struct Connection {
    stream: TcpStream,
    /// What the client has not taken yet; while there is some, no more is read.
    unsent: Vec<u8>,
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    buffer: Box<[u8]>,
}

impl Server {
    fn accept_all(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let entry = self.connections.vacant_entry();
            let token = Token(entry.key());
            self.poll
                .registry()
                .register(&mut stream, token, Interest::READABLE)?;
            entry.insert(Connection {
                stream,
                unsent: Vec::new(),
            });
        }
    }

    fn serve(&mut self, token: Token) -> io::Result<()> {
        let Some(connection) = self.connections.get_mut(token.0) else {
            return Ok(());
        };
        let alive = if connection.unsent.is_empty() {
            echo(connection, &mut self.buffer)
        } else {
            flush_unsent(connection)
        };
        match alive {
            Ok(Some(interest)) => {
                self.poll
                    .registry()
                    .reregister(&mut connection.stream, token, interest)
            }
            Ok(None) => Ok(()),
            Err(_) => {
                let mut connection = self.connections.remove(token.0);
                self.poll.registry().deregister(&mut connection.stream)
            }
        }
    }
}

/// Echoes until the stream is drained. The interest returned, if any, is new.
fn echo(connection: &mut Connection, buffer: &mut [u8]) -> io::Result<Option<Interest>> {
    loop {
        let received = match connection.stream.read(buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(received) => received,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        let sent = match connection.stream.write(&buffer[..received]) {
            Ok(sent) => sent,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        if sent < received {
            connection.unsent.extend_from_slice(&buffer[sent..received]);
            return Ok(Some(Interest::WRITABLE));
        }
        if cfg!(target_env = "p1") && received < buffer.len() {
            // A short read has drained the stream: one call saved. Elsewhere
            // mio reports a stream again only after a read would block.
            return Ok(None);
        }
    }
}

fn flush_unsent(connection: &mut Connection) -> io::Result<Option<Interest>> {
    match connection.stream.write(&connection.unsent) {
        Ok(sent) => {
            connection.unsent.drain(..sent);
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        Err(error) => return Err(error),
    }
    if connection.unsent.is_empty() {
        connection.unsent = Vec::new();
        return Ok(Some(Interest::READABLE));
    }
    Ok(None)
}

#[cfg(target_env = "p1")]
fn open_listener() -> io::Result<TcpListener> {
    use std::os::fd::FromRawFd;

    const LISTENER_FD: i32 = 3;
    // SAFETY: the host hands over the listener as this descriptor, and nothing
    // else in the program uses it.
    let listener = unsafe { std::net::TcpListener::from_raw_fd(LISTENER_FD) };
    Ok(TcpListener::from_std(listener))
}

#[cfg(not(target_env = "p1"))]
fn open_listener() -> io::Result<TcpListener> {
    let address = std::env::var("WASOCK_LISTEN").map_err(io::Error::other)?;
    TcpListener::bind(address.parse().map_err(io::Error::other)?)
}

fn main() -> io::Result<()> {
    let mut server = Server {
        poll: Poll::new()?,
        listener: open_listener()?,
        connections: Slab::new(),
        buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
    };
    server
        .poll
        .registry()
        .register(&mut server.listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    loop {
        server.poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                server.accept_all()?;
            } else {
                server.serve(event.token())?;
            }
        }
    }
}
