package loadtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// connections is how many requests may be under way; the rest wait, and their
// waiting counts.
const connections = 512

// answerWait is how long a request may take before it counts as unanswered.
const answerWait = 30 * time.Second

// shot is a request that is due: a new event, or the repetition of one.
type shot struct {
	due  time.Time
	body []byte // of a repetition
	at   int    // its place in the ledger
}

// sender is open loop: an event is due at its time whether or not the server
// keeps up, and its latency counts from there.
type sender struct {
	address   string
	head      []byte // of every request, up to the length of its body
	templates *Templates
	ledger    *Ledger
	repeats   int // every n-th event is sent twice; 0 = none
	shots     chan shot
	pending   sync.WaitGroup // shots that are under way or will be
}

func newSender(s *Server, o *Options, l *Ledger) *sender {
	head := fmt.Sprintf("POST /api/%s/envelope/ HTTP/1.1\r\nHost: %s\r\nUser-Agent: sentry.python/2.68.1\r\n"+
		"Content-Type: application/x-sentry-envelope\r\nX-Sentry-Auth: Sentry sentry_version=7, sentry_client=load/1, sentry_key=%s\r\n"+
		"Content-Length: ", s.Project, s.address, s.Key)
	return &sender{
		address: s.address, head: []byte(head), templates: NewTemplates(o.Issues), ledger: l, repeats: o.Repeats,
		shots: make(chan shot, 1<<17),
	}
}

// run sends at rate until ctx ends, waits for the last answers, and returns how
// long it was sending.
func (s *sender) run(ctx context.Context, rate int) time.Duration {
	var workers sync.WaitGroup
	for range connections {
		workers.Go(s.work)
	}
	began := time.Now()
	s.pace(ctx, began, rate)
	took := time.Since(began)
	s.pending.Wait()
	close(s.shots)
	workers.Wait()
	return took
}

func (s *sender) pace(ctx context.Context, began time.Time, rate int) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; {
		for ; ; n++ {
			due := began.Add(time.Duration(n) * time.Second / time.Duration(rate))
			if time.Until(due) > 0 {
				break
			}
			s.pending.Add(1)
			s.shots <- shot{due: due}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// work serves shots over one connection.
func (s *sender) work() {
	g := newGenerator(s.templates, rand.Uint64())
	c := client{address: s.address}
	defer c.close()
	var body []byte
	for sh := range s.shots {
		if sh.body == nil {
			var r record
			body, r = g.next(body, time.Now())
			sh.at = s.ledger.sent(r)
			if s.repeats > 0 && g.rnd.IntN(s.repeats) == 0 {
				s.repeat(sh.at, body, g.rnd)
			}
		} else {
			body = append(body[:0], sh.body...)
			s.ledger.sentAgain(sh.at)
		}
		status := c.post(s.head, body)
		s.ledger.answer(sh.at, status, time.Since(sh.due))
		s.pending.Done()
	}
}

// repeat sends the event once more, as a client does that heard no answer: half
// of them at once, so that both may meet in one batch, half a little later.
func (s *sender) repeat(at int, body []byte, rnd *rand.Rand) {
	wait := time.Duration(0)
	if rnd.IntN(2) == 0 {
		wait = time.Duration(rnd.IntN(2000)) * time.Millisecond
	}
	again := shot{body: append([]byte(nil), body...), at: at}
	s.pending.Add(1)
	time.AfterFunc(wait, func() {
		again.due = time.Now()
		s.shots <- again
	})
}

// client is one kept-alive connection. net/http's own would take more of the
// processor than what it measures leaves.
type client struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	out     []byte
}

// post returns the status, or 0 when no answer came. It never tries again.
func (c *client) post(head, body []byte) int {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.address, 5*time.Second) //nolint:noctx // has a deadline
		if err != nil {
			return 0
		}
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 1024)
	}
	status, err := c.exchange(head, body)
	if err != nil {
		c.close()
		return 0
	}
	return status
}

func (c *client) exchange(head, body []byte) (int, error) {
	c.out = append(c.out[:0], head...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, body...)
	if err := c.conn.SetDeadline(time.Now().Add(answerWait)); err != nil {
		return 0, err
	}
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, err
	}
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Body.Close() }()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return 0, err
	}
	if r.Close {
		c.close()
	}
	return r.StatusCode, nil
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}
