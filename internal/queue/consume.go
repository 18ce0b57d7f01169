package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// maxInWork is how many messages may be in work at once, all callers together.
const maxInWork = 256

// ackWait is how long a message may be in work before it is given out again;
// a slow worker says InProgress in between.
const ackWait = 60 * time.Second

// Message is one message in work. Exactly one of Ack and Retry ends it.
type Message struct {
	ID      string
	Data    []byte
	Items   int64
	Tries   uint64 // how often it was given out, this time included
	from    *stream
	message jetstream.Msg
}

// Ack removes the message; it returns when the server has confirmed.
func (m *Message) Ack(ctx context.Context) error {
	if err := m.message.DoubleAck(ctx); err != nil {
		return fmt.Errorf("ack: %w", err)
	}
	m.from.items.Add(-m.Items)
	return nil
}

// Retry gives the message back, to be given out again after the delay.
func (m *Message) Retry(after time.Duration) error { return m.message.NakWithDelay(after) }

// InProgress renews the time that the message may be in work.
func (m *Message) InProgress() error { return m.message.InProgress() }

// Consumer hands out the messages of one stream.
type Consumer struct {
	from *stream
	pull jetstream.Consumer
}

// consumers are the names under which the server remembers who has what.
var consumers = map[Stream]string{Events: "worker", Backlog: "indexer"}

// forget gives back at once what a former process had in work when it died;
// otherwise nobody would get it before ackWait is over. The queue belongs to
// one process, so no other has anything in work.
func (q *Queue) forget(ctx context.Context, from Stream) error {
	err := q.js.DeleteConsumer(ctx, string(from), consumers[from])
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("queue consumer %s: %w", consumers[from], err)
	}
	return nil
}

// Consumer returns the stream's consumer; several callers share the work.
func (q *Queue) Consumer(ctx context.Context, from Stream) (*Consumer, error) {
	c, err := q.js.CreateOrUpdateConsumer(ctx, string(from), jetstream.ConsumerConfig{
		Durable: consumers[from], AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: maxInWork, MaxDeliver: -1,
	})
	if err != nil {
		return nil, fmt.Errorf("queue consumer %s: %w", consumers[from], err)
	}
	return &Consumer{from: q.streams[from], pull: c}, nil
}

// Next waits for messages and returns as many as are ready, at most max. It
// returns none when ctx ends or nothing came within a few seconds.
func (c *Consumer) Next(ctx context.Context, most int) ([]*Message, error) {
	wait, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	first, err := c.fetch(ctx, func() (jetstream.MessageBatch, error) {
		return c.pull.Fetch(1, jetstream.FetchContext(wait))
	})
	if err != nil || len(first) == 0 || most < 2 {
		return first, err
	}
	more, err := c.fetch(ctx, func() (jetstream.MessageBatch, error) { return c.pull.FetchNoWait(most - 1) })
	return append(first, more...), err
}

func (c *Consumer) fetch(ctx context.Context, ask func() (jetstream.MessageBatch, error)) ([]*Message, error) {
	if ctx.Err() != nil {
		return nil, nil //nolint:nilerr // told to stop: there is nothing more
	}
	batch, err := ask()
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	var out []*Message
	for m := range batch.Messages() {
		out = append(out, c.message(m))
	}
	if err := batch.Error(); err != nil && len(out) == 0 && !errors.Is(err, context.DeadlineExceeded) &&
		!errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("queue: %w", err)
	}
	return out, nil
}

func (c *Consumer) message(m jetstream.Msg) *Message {
	out := &Message{
		ID: m.Headers().Get(jetstream.MsgIDHeader), Data: m.Data(), Items: itemsOf(m.Headers()), Tries: 1,
		from: c.from, message: m,
	}
	if meta, err := m.Metadata(); err == nil {
		out.Tries = meta.NumDelivered
	}
	return out
}
