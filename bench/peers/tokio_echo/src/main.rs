// SPDX-License-Identifier: MIT

//! The peer on tokio: a task a connection, each with a buffer. It opens the
//! listener at the address in WASOCK_LISTEN.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BUFFER_SIZE: usize = 16384;

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let received = stream.read(&mut buffer).await?;
        if received == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..received]).await?;
    }
}

async fn serve() -> io::Result<()> {
    let address = std::env::var("WASOCK_LISTEN").map_err(io::Error::other)?;
    let listener = TcpListener::bind(&address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A client that resets its connection ends it as well as one that closes.
            let _ = echo(stream).await;
        });
    }
}

fn main() -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?
        .block_on(serve())
}
