// Package queue is the durable queue between intake and worker: an embedded
// JetStream whose every publish is on disk before it returns. It holds two
// streams, events on their way to the worker and batches that wait for an
// event engine that is away.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"errata/internal/errata"
)

// Stream names one of the two streams.
type Stream string

// The streams.
const (
	Events  Stream = "ERRATA_EVENTS"
	Backlog Stream = "ERRATA_INDEX_BACKLOG"
)

// headerItems carries the number of events of a message, so that the gauge
// "queued" can be told without unpacking bodies.
const headerItems = "Errata-Items"

// maxPayload is the largest message: one event of 1 MiB, with room.
const maxPayload = 2 << 20

// Options say where the queue lies and how large it may grow.
type Options struct {
	DataDir  string // the queue lies in DataDir/queue
	MaxBytes int64  // both streams together; 0 = min(8 GiB, a fifth of the free disk), fixed at first start
	Log      *slog.Logger
}

// Queue is an open queue. It belongs to one process.
type Queue struct {
	dir     string
	server  *server.Server
	conn    *nats.Conn
	js      jetstream.JetStream
	streams map[Stream]*stream
	down    atomic.Bool
}

type stream struct {
	limit  int64
	items  atomic.Int64
	handle jetstream.Stream
}

// Open starts the embedded server and makes sure that both streams exist. It
// fails when the server would not sync every write.
func Open(ctx context.Context, o Options) (*Queue, error) {
	if err := os.MkdirAll(filepath.Join(o.DataDir, "queue"), 0o700); err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	total, err := budget(o.DataDir, o.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("queue budget: %w", err)
	}
	srv, err := startServer(filepath.Join(o.DataDir, "queue"), total, o.Log)
	if err != nil {
		return nil, err
	}
	q := &Queue{dir: o.DataDir, server: srv, streams: map[Stream]*stream{}}
	if err := q.connect(ctx, total); err != nil {
		q.Close()
		return nil, err
	}
	return q, nil
}

func startServer(dir string, total int64, log *slog.Logger) (*server.Server, error) {
	opts := &server.Options{
		ServerName: "errata", JetStream: true, StoreDir: dir, SyncAlways: true, DontListen: true, NoSigs: true,
		JetStreamMaxStore: total, JetStreamMaxMemory: 64 << 20, MaxPayload: maxPayload,
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	srv.SetLoggerV2(serverLog{log}, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(30 * time.Second) {
		srv.Shutdown()
		return nil, errors.New("queue: the embedded server did not become ready within 30 s")
	}
	if cfg := srv.JetStreamConfig(); cfg == nil || !cfg.SyncAlways {
		srv.Shutdown()
		return nil, errors.New("queue: the embedded server does not sync every write")
	}
	return srv, nil
}

func (q *Queue) connect(ctx context.Context, total int64) (err error) {
	if q.conn, err = nats.Connect("", nats.InProcessServer(q.server), nats.MaxReconnects(-1)); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if q.js, err = jetstream.New(q.conn, jetstream.WithDefaultTimeout(10*time.Second)); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	// The sum stays below the server's store, or the second stream is refused (10047).
	shares := map[Stream]int64{Events: total / 10 * 6, Backlog: total / 100 * 35}
	for name, limit := range shares {
		if err := q.ensure(ctx, name, limit); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) ensure(ctx context.Context, name Stream, limit int64) error {
	s, err := q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: string(name), Subjects: []string{string(name)}, Storage: jetstream.FileStorage,
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: limit, Duplicates: 2 * time.Minute,
	})
	if err != nil {
		return fmt.Errorf("queue stream %s: %w", name, err)
	}
	st := &stream{limit: limit, handle: s}
	q.streams[name] = st
	if err := q.forget(ctx, name); err != nil {
		return err
	}
	return st.count(ctx)
}

// count reads from the headers of what a former process left how many events wait.
func (s *stream) count(ctx context.Context) error {
	info, err := s.handle.Info(ctx)
	if err != nil {
		return err
	}
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq && info.State.Msgs > 0; seq++ {
		m, err := s.handle.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		} else if err != nil {
			return err
		}
		s.items.Add(itemsOf(m.Header))
	}
	return nil
}

func itemsOf(h nats.Header) int64 {
	n, err := strconv.ParseInt(h.Get(headerItems), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Publish returns when the message is on disk. id recognises a repetition
// within two minutes. Errors: slow_down with reason queue_full or disk_full,
// unavailable with reason queue_unavailable.
func (q *Queue) Publish(ctx context.Context, to Stream, id string, data []byte, items int) error {
	m := &nats.Msg{Subject: string(to), Data: data, Header: nats.Header{headerItems: {strconv.Itoa(items)}}}
	ack, err := q.js.PublishMsg(ctx, m, jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))
	if err != nil {
		return q.refusal(err)
	}
	q.down.Store(false)
	if !ack.Duplicate {
		q.streams[to].items.Add(int64(items))
	}
	return nil
}

func (q *Queue) refusal(err error) error {
	if _, refused := errors.AsType[*jetstream.APIError](err); refused {
		if DiskFull(q.dir) {
			return slowDown("disk_full", "The disk is full.", err)
		}
		return slowDown("queue_full", "The queue is full.", err)
	}
	q.down.Store(true)
	return errata.Because(errata.Unavailable, "The queue does not answer.", err, errata.Detail{
		Reason: "queue_unavailable", Message: "The queue did not confirm the write.",
	})
}

func slowDown(reason, message string, err error) error {
	return errata.Because(errata.SlowDown, message, err, errata.Detail{Reason: reason, Message: message})
}

// State describes one stream. Share is the part of its room that is taken, 0 to 1.
type State struct {
	Messages uint64
	Items    int64
	Bytes    uint64
	Share    float64
	Oldest   time.Time // when the oldest waiting message came; zero = none
}

// State asks the server about a stream.
func (q *Queue) State(ctx context.Context, name Stream) (State, error) {
	s := q.streams[name]
	info, err := s.handle.Info(ctx)
	if err != nil {
		return State{}, errata.E(errata.Unavailable, "The queue does not answer.", err)
	}
	out := State{
		Messages: info.State.Msgs, Items: s.items.Load(), Bytes: info.State.Bytes,
		Share: float64(info.State.Bytes) / float64(s.limit),
	}
	if info.State.Msgs > 0 {
		out.Oldest = info.State.FirstTime
	}
	return out, nil
}

// Writable says whether the queue takes events: reachable and with room on disk.
func (q *Queue) Writable() bool { return !q.down.Load() && q.server.Running() && !DiskFull(q.dir) }

// Close stops the server. What is queued stays on disk.
func (q *Queue) Close() error {
	if q.conn != nil {
		q.conn.Close()
	}
	q.server.Shutdown()
	q.server.WaitForShutdown()
	return nil
}
