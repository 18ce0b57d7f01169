package app

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

func TestSlowBody(t *testing.T) {
	read := make(chan error, 1)
	s := run(t, outer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}), 50*time.Millisecond))
	conn, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nemail="); err != nil {
		t.Fatal(err)
	}
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a body that never ends: %v", err)
	}
	for range 2 { // the deadline belongs to one request, not to the connection
		res, err := http.Post("http://"+s.addr(), "", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if err := <-read; err != nil {
			t.Error(err)
		}
		<-time.After(60 * time.Millisecond)
	}
}
