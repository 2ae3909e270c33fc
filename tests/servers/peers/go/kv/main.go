// SPDX-License-Identifier: MIT

// kv - examples/kv in Go, to compare the two. Its listener is descriptor 3.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
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
	clientsMax   = 256
	requestBytes = 65536
	argumentsMax = 256
	answerBytes  = 262144
	timeoutMax   = 4000000000
	patience     = 30 * time.Second
)

// The store.

type entry struct {
	value   string
	expires time.Time // zero: never
}

var (
	mutex   sync.Mutex
	entries = map[string]entry{}
	clients = map[net.Conn]bool{}
)

func (e entry) isExpired() bool {
	return !e.expires.IsZero() && !time.Now().Before(e.expires)
}

func get(key string) (entry, bool) {
	e, found := entries[key]
	if found && e.isExpired() {
		delete(entries, key)
		return entry{}, false
	}
	return e, found
}

func sweep() {
	for range time.Tick(time.Second) {
		mutex.Lock()
		for key, e := range entries {
			if e.isExpired() {
				delete(entries, key)
			}
		}
		mutex.Unlock()
	}
}

// Commands.

const notANumber = "-ERR value is not an integer or out of range\r\n"

func bulk(text string) string {
	return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)
}

func valueOf(key string) string {
	if e, found := get(key); found {
		return bulk(e.value)
	}
	return "$-1\r\n"
}

func set(arguments []string) string {
	e := entry{value: arguments[2]}
	maySet := true
	for i := 3; i < len(arguments); i++ {
		unit := time.Second
		switch option := strings.ToLower(arguments[i]); option {
		case "nx", "xx":
			_, found := get(arguments[1])
			maySet = maySet && found == (option == "xx")
			continue
		case "px":
			unit = time.Millisecond
		case "ex":
		default:
			return "-ERR syntax error\r\n"
		}
		i++
		if i == len(arguments) {
			return "-ERR syntax error\r\n"
		}
		timeout, err := strconv.ParseInt(arguments[i], 10, 64)
		if err != nil || timeout <= 0 || timeout > timeoutMax {
			return "-ERR syntax error\r\n"
		}
		e.expires = time.Now().Add(time.Duration(timeout) * unit)
	}
	if !maySet {
		return "$-1\r\n"
	}
	entries[arguments[1]] = e
	return "+OK\r\n"
}

func del(arguments []string) string {
	n := 0
	for _, key := range arguments[1:] {
		if _, found := get(key); found {
			delete(entries, key)
			n++
		}
	}
	return fmt.Sprintf(":%d\r\n", n)
}

func incr(arguments []string) string {
	e, found := get(arguments[1])
	number := int64(0)
	if found {
		var err error
		number, err = strconv.ParseInt(e.value, 10, 64)
		if err != nil || number == math.MaxInt64 {
			return notANumber
		}
	}
	e.value = strconv.FormatInt(number+1, 10)
	entries[arguments[1]] = e
	return ":" + e.value + "\r\n"
}

func expire(arguments []string) string {
	timeout, err := strconv.ParseInt(arguments[2], 10, 64)
	if err != nil || timeout > timeoutMax {
		return notANumber
	}
	e, found := get(arguments[1])
	if !found {
		return ":0\r\n"
	}
	if timeout <= 0 {
		delete(entries, arguments[1])
	} else {
		e.expires = time.Now().Add(time.Duration(timeout) * time.Second)
		entries[arguments[1]] = e
	}
	return ":1\r\n"
}

func ttl(arguments []string) string {
	e, found := get(arguments[1])
	if !found {
		return ":-2\r\n"
	}
	if e.expires.IsZero() {
		return ":-1\r\n"
	}
	return fmt.Sprintf(":%d\r\n", int(math.Round(time.Until(e.expires).Seconds())))
}

func mget(arguments []string) string {
	answer := fmt.Sprintf("*%d\r\n", len(arguments)-1)
	for _, key := range arguments[1:] {
		answer += valueOf(key)
		if len(answer) > answerBytes {
			return "-ERR the answer is too large\r\n"
		}
	}
	return answer
}

func ping(arguments []string) string {
	if len(arguments) > 1 {
		return bulk(arguments[1])
	}
	return "+PONG\r\n"
}

func info([]string) string {
	return bulk(fmt.Sprintf("# Clients\r\nconnected_clients:%d\r\n"+
		"# Keyspace\r\ndb0:keys=%d\r\n", len(clients), len(entries)))
}

var commands = map[string]struct {
	min, max int
	run      func([]string) string
}{
	"get":    {2, 2, func(a []string) string { return valueOf(a[1]) }},
	"set":    {3, argumentsMax, set},
	"del":    {2, argumentsMax, del},
	"incr":   {2, 2, incr},
	"expire": {3, 3, expire},
	"ttl":    {2, 2, ttl},
	"mget":   {2, argumentsMax, mget},
	"ping":   {1, 2, ping},
	"echo":   {2, 2, ping},
	"info":   {1, 2, info},
}

func run(arguments []string) string {
	command, found := commands[strings.ToLower(arguments[0])]
	if !found {
		return fmt.Sprintf("-ERR unknown command '%.64s'\r\n", arguments[0])
	}
	if len(arguments) < command.min || len(arguments) > command.max {
		return fmt.Sprintf("-ERR wrong number of arguments for '%s'\r\n",
			strings.ToLower(arguments[0]))
	}
	mutex.Lock()
	defer mutex.Unlock()
	return command.run(arguments)
}

// Requests.

type protocolError string

func (e protocolError) Error() string { return string(e) }

func readLine(reader *bufio.Reader) (string, error) {
	line, err := reader.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", protocolError("too large")
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), err
}

func count(line string, mark byte, max int, reason protocolError) (int, error) {
	if len(line) < 2 || line[0] != mark {
		return 0, reason
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < 0 || n > max {
		return 0, reason
	}
	return n, nil
}

func readRequest(reader *bufio.Reader) ([]string, error) {
	line, err := readLine(reader)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(line, "*") {
		return strings.Fields(line), nil
	}
	n, err := count(line, '*', argumentsMax, "invalid multibulk length")
	if err != nil {
		return nil, err
	}
	total := len(line)
	arguments := make([]string, n)
	for i := range arguments {
		if line, err = readLine(reader); err != nil {
			return nil, err
		}
		length, err := count(line, '$', requestBytes, "invalid bulk length")
		if err != nil {
			return nil, err
		}
		if total += length; total >= requestBytes {
			return nil, protocolError("too large")
		}
		bytes := make([]byte, length+2)
		if _, err = io.ReadFull(reader, bytes); err != nil {
			return nil, err
		}
		arguments[i] = string(bytes[:length])
	}
	return arguments, nil
}

func serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReaderSize(conn, requestBytes)
	writer := bufio.NewWriterSize(conn, requestBytes)
	for {
		if reader.Buffered() == 0 { // pipelined requests share a write
			if writer.Flush() != nil {
				return
			}
			conn.SetReadDeadline(time.Time{})
			if _, err := reader.Peek(1); err != nil {
				return
			}
		}
		conn.SetDeadline(time.Now().Add(patience))
		arguments, err := readRequest(reader)
		var wrong protocolError
		if errors.As(err, &wrong) {
			fmt.Fprintf(writer, "-ERR Protocol error: %s\r\n", wrong)
			writer.Flush()
			conn.(*net.TCPConn).CloseWrite()
			conn.SetReadDeadline(time.Now().Add(2 * time.Second))
			io.Copy(io.Discard, conn) // a close would destroy the answer
			return
		}
		if err != nil {
			return
		}
		if len(arguments) > 0 {
			writer.WriteString(run(arguments))
		}
	}
}

func main() {
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
	go sweep()
	var running sync.WaitGroup
	slots := make(chan bool, clientsMax)
	for {
		slots <- true
		conn, err := listener.Accept()
		if err != nil {
			break
		}
		mutex.Lock()
		clients[conn] = true
		mutex.Unlock()
		running.Add(1)
		go func() {
			serve(conn)
			mutex.Lock()
			delete(clients, conn)
			mutex.Unlock()
			running.Done()
			<-slots
		}()
	}
	mutex.Lock()
	for conn := range clients {
		conn.SetReadDeadline(time.Now()) // answers are sent
	}
	mutex.Unlock()
	drained := make(chan bool)
	go func() { running.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(2 * time.Second):
	}
}
