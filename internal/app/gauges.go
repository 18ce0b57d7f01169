package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"errata/internal/queue"
)

// queueGauges tell, when asked, what waits in the queue: the outcome "queued".
type queueGauges struct {
	queue        *queue.Queue
	items, bytes *prometheus.Desc
}

// streamNames are the values of the label stream.
var streamNames = map[queue.Stream]string{queue.Events: "events", queue.Backlog: "index_backlog"}

func newQueueGauges(q *queue.Queue) *queueGauges {
	label := []string{"stream"}
	return &queueGauges{
		queue: q,
		items: prometheus.NewDesc("errata_queue_items", "Events that wait: accepted and not counted, or counted and not searchable.", label, nil),
		bytes: prometheus.NewDesc("errata_queue_bytes", "Room they take on disk.", label, nil),
	}
}

// Describe implements prometheus.Collector.
func (g *queueGauges) Describe(out chan<- *prometheus.Desc) { out <- g.items; out <- g.bytes }

// Collect implements prometheus.Collector. A queue that does not answer has no value.
func (g *queueGauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for stream, name := range streamNames {
		st, err := g.queue.State(ctx, stream)
		if err != nil {
			continue
		}
		out <- prometheus.MustNewConstMetric(g.items, prometheus.GaugeValue, float64(st.Items), name)
		out <- prometheus.MustNewConstMetric(g.bytes, prometheus.GaugeValue, float64(st.Bytes), name)
	}
}
