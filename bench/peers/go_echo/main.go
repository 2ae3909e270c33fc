// SPDX-License-Identifier: MIT

// The Go peer: package net, one goroutine a connection.
package main

import (
	"io"
	"log"
	"net"
	"os"
)

const listenerFD = 3

func main() {
	listener, err := net.FileListener(os.NewFile(listenerFD, "listener"))
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go echo(connection)
	}
}

func echo(connection net.Conn) {
	defer connection.Close()
	// A client that resets its connection ends it as well as one that closes.
	_, _ = io.Copy(connection, connection)
}
