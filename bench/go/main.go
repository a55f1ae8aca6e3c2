// A peer for the bench: what honeypots in Go are made of, the server of x/crypto/ssh, which lets everybody in, says a
// word to every command and writes a line of JSON for each step.
package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

var (
	log  *bufio.Writer
	lock sync.Mutex
)

func record(source net.Addr, event string, data any) {
	line, _ := json.Marshal(map[string]any{"time": time.Now().UTC(), "source": source.String(), "event": event, "data": data})
	lock.Lock()
	defer lock.Unlock()
	log.Write(append(line, '\n'))
	log.Flush()
}

func main() {
	file, err := os.Create(os.Args[2])
	if err != nil {
		panic(err)
	}
	log = bufio.NewWriter(file)
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	signer, _ := ssh.NewSignerFromKey(key)
	config := &ssh.ServerConfig{
		PasswordCallback: func(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			record(meta.RemoteAddr(), "auth", []string{meta.User(), string(password), string(meta.ClientVersion())})
			return nil, nil
		},
	}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Println("ready")
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go serve(conn, config)
	}
}

func serve(conn net.Conn, config *ssh.ServerConfig) {
	record(conn.RemoteAddr(), "open", nil)
	server, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			continue
		}
		go func() {
			for request := range asked {
				if request.Type != "exec" {
					request.Reply(false, nil)
					continue
				}
				var line struct{ Command string }
				ssh.Unmarshal(request.Payload, &line)
				record(server.RemoteAddr(), "exec", line.Command)
				request.Reply(true, nil)
				channel.Write([]byte("Linux host 6.1.0 x86_64 GNU/Linux\n"))
				channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
				channel.Close()
			}
		}()
	}
	record(server.RemoteAddr(), "close", nil)
}
