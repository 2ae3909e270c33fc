// SPDX-License-Identifier: MIT

// proxy - examples/proxy.c in Go, to compare the two. Its listener is
// descriptor 3.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	clientsMax  = 1000
	bufferBytes = 65536
	idleMax     = 300 * time.Second
	drainMax    = 10 * time.Second
)

// forward copies until EOF, and forwards that.
func forward(to, from *net.TCPConn) error {
	buffer := make([]byte, bufferBytes)
	for {
		from.SetReadDeadline(time.Now().Add(idleMax))
		n, err := from.Read(buffer)
		if n > 0 {
			to.SetWriteDeadline(time.Now().Add(idleMax))
			if _, err := to.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return to.CloseWrite()
		}
		if err != nil {
			return err
		}
	}
}

func serve(client *net.TCPConn, address string) {
	defer client.Close()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "proxy: upstream:", err)
		return
	}
	upstream := conn.(*net.TCPConn)
	defer upstream.Close()
	var both sync.WaitGroup
	for _, pair := range [][2]*net.TCPConn{{client, upstream}, {upstream, client}} {
		both.Add(1)
		go func() {
			defer both.Done()
			if forward(pair[0], pair[1]) != nil { // it ends the other as well
				client.Close()
				upstream.Close()
			}
		}()
	}
	both.Wait()
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: proxy UPSTREAM_IP:PORT")
	}
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		listener.Close()
	}()
	slots := make(chan bool, clientsMax)
	var running sync.WaitGroup
	for {
		slots <- true
		conn, err := listener.Accept()
		if err != nil {
			break
		}
		running.Add(1)
		go func() {
			serve(conn.(*net.TCPConn), os.Args[1])
			running.Done()
			<-slots
		}()
	}
	drained := make(chan bool)
	go func() { running.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(drainMax):
	}
}
