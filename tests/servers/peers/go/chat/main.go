// SPDX-License-Identifier: MIT

// chat - examples/chat.c in Go, to compare the two. Its listener is descriptor
// 3.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	clientsMax  = 1000
	lineBytes   = 512
	unreadLines = 64 // more is too slow
	nameBytes   = 16
)

type client struct {
	conn   net.Conn
	name   string
	lines  chan string // to be sent; closed: no more
	reason string
}

var (
	mutex   sync.Mutex
	clients = map[*client]bool{}
	idle    = 600 * time.Second
	running sync.WaitGroup
)

// leave removes a client. Its queued lines are still sent if it left by itself.
func (c *client) leave(reason string) {
	if clients[c] {
		delete(clients, c)
		c.reason = reason
		close(c.lines)
		if reason != "OK" {
			c.conn.Close()
		}
		say("* %s has left: %s\n", c.name, reason)
	}
}

func (c *client) send(line string) {
	if !clients[c] {
		return
	}
	select {
	case c.lines <- line:
	default:
		c.leave("ENOBUFS")
	}
}

func say(format string, arguments ...any) {
	line := fmt.Sprintf(format, arguments...)
	for c := range clients {
		c.send(line)
	}
}

func (c *client) rename(name string) {
	refused := name == "" || len(name) >= nameBytes
	for other := range clients {
		refused = refused || other.name == name
	}
	if refused {
		c.send("* this name is taken or too long\n")
		return
	}
	say("* %s is now %s\n", c.name, name)
	c.name = name
}

func (c *client) takeLine(line string) {
	mutex.Lock()
	defer mutex.Unlock()
	if name, found := strings.CutPrefix(line, "/nick "); found {
		c.rename(name)
	} else if line == "/quit" {
		c.send("* bye\n")
		c.leave("OK")
	} else if line != "" {
		say("%s: %s\n", c.name, line)
	}
}

func (c *client) read() string {
	scanner := bufio.NewScanner(c.conn)
	scanner.Buffer(make([]byte, lineBytes), lineBytes)
	for {
		c.conn.SetReadDeadline(time.Now().Add(idle))
		if !scanner.Scan() {
			break
		}
		c.takeLine(scanner.Text())
	}
	switch err := scanner.Err(); {
	case err == nil:
		return "OK"
	case errors.Is(err, bufio.ErrTooLong):
		return "EMSGSIZE"
	default:
		return err.Error()
	}
}

func (c *client) write() {
	for line := range c.lines {
		if _, err := c.conn.Write([]byte(line)); err != nil {
			break
		}
	}
	c.conn.Close()
	running.Done()
}

func serve(conn net.Conn, number int) {
	c := &client{conn: conn, name: fmt.Sprintf("guest%d", number),
		lines: make(chan string, unreadLines)}
	mutex.Lock()
	clients[c] = true
	say("* %s is here\n", c.name)
	mutex.Unlock()
	running.Add(1)
	go c.write()
	reason := c.read()
	mutex.Lock()
	c.leave(reason)
	mutex.Unlock()
}

func main() {
	if len(os.Args) > 1 {
		seconds, _ := strconv.Atoi(os.Args[1])
		idle = time.Duration(seconds) * time.Second
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
	for number := 0; ; number++ {
		slots <- true
		conn, err := listener.Accept()
		if err != nil {
			break
		}
		go func() {
			serve(conn, number)
			<-slots
		}()
	}
	mutex.Lock()
	for c := range clients {
		c.leave("OK")
	}
	mutex.Unlock()
	drained := make(chan bool)
	go func() { running.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(2 * time.Second):
	}
}
