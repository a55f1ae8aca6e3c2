// A client on Go's x/crypto/ssh, which most attackers of SSH are made with. It says what it saw, a line each.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

func main() {
	address, user, password := os.Args[1], os.Args[2], os.Args[3]
	var banner string
	config := &ssh.ClientConfig{
		User: user,
		Auth: []ssh.AuthMethod{
			ssh.Password("not-" + password),
			ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
				return make([]string, len(questions)), nil
			}),
		},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		BannerCallback:  func(text string) error { banner = text; return nil },
		Timeout:         20 * time.Second,
	}
	_, err := ssh.Dial("tcp", address, config)
	say("refused", err)

	config.Auth = []ssh.AuthMethod{ssh.Password(password)}
	// As little as it takes between two exchanges of keys: they fall into the middle of what is sent.
	config.RekeyThreshold = 16 << 10
	client, err := ssh.Dial("tcp", address, config)
	if err != nil {
		say("fault", err)
		os.Exit(1)
	}
	defer client.Close()
	say("server", string(client.ServerVersion()))
	say("banner", banner)

	session := must(client.NewSession())
	output := must(session.CombinedOutput("seq 1 20000 | tail -1; id -un"))
	say("exec", strings.TrimSpace(string(output)))

	session = must(client.NewSession())
	sent := bytes.Repeat([]byte("0123456789abcde\n"), 16<<10)
	session.Stdin = bytes.NewReader(sent)
	output = must(session.Output("wc -c"))
	say("stdin", strings.TrimSpace(string(output)))

	session = must(client.NewSession())
	output = must(session.Output("seq 1 60000"))
	say("large", len(output))

	session = must(client.NewSession())
	say("status", session.Run("exit 7"))

	session = must(client.NewSession())
	if err := session.RequestPty("xterm", 24, 80, ssh.TerminalModes{ssh.ECHO: 0}); err != nil {
		say("pty", err)
	}
	in, out := must(session.StdinPipe()), must(session.StdoutPipe())
	if err := session.Shell(); err != nil {
		say("shell", err)
	}
	fmt.Fprint(in, "echo $((6*7))-here\nexit 3\n")
	screen := must(io.ReadAll(out))
	say("screen", strings.Contains(string(screen), "42-here"))
	say("left", session.Wait())

	// The client's own sign of life, as OpenSSH's ServerAliveInterval sends it.
	for i := 0; i < 3; i++ {
		ok, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
		say("alive", fmt.Sprint(ok, err))
	}
	if far, err := client.Dial("tcp", "192.0.2.80:80"); err != nil {
		say("forward", err)
	} else {
		fmt.Fprint(far, "GET / HTTP/1.0\r\n\r\n")
		answer, _ := io.ReadAll(far)
		say("forward", strings.SplitN(string(answer), "\r\n", 2)[0])
	}
}

func say(what string, about any) { fmt.Printf("%s: %v\n", what, about) }

func must[T any](value T, err error) T {
	if err != nil {
		say("fault", err)
		os.Exit(1)
	}
	return value
}
