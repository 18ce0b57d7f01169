package sentry_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"errata/internal/intake/sentry"
)

// The door behind a real server: bodies in chunks, clients that wait for 100
// Continue, several requests on one connection.
func TestRealServer(t *testing.T) {
	r := newRecorder()
	server := httptest.NewServer(r.handler())
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 10 * time.Second}}
	defer client.CloseIdleConnections()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, envelope(goodEvent))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, key, encoding string
		body                func() io.Reader
		expect              bool
		status              int
	}{
		{"plain", goodKey, "", func() io.Reader { return strings.NewReader(envelope(goodEvent)) }, false, 200},
		{"in chunks", goodKey, "", func() io.Reader { return io.MultiReader(strings.NewReader(envelope(goodEvent))) }, false, 200},
		{"in chunks, compressed", goodKey, "gzip", func() io.Reader { return io.MultiReader(bytes.NewReader(packed.Bytes())) }, false, 200},
		{"expecting 100", goodKey, "gzip", func() io.Reader { return bytes.NewReader(packed.Bytes()) }, true, 200},
		{"expecting 100, refused before the body", "other", "gzip", func() io.Reader { return bytes.NewReader(packed.Bytes()) }, true, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodPost, server.URL+"/api/42/envelope/?sentry_key="+tt.key, tt.body())
			if err != nil {
				t.Fatal(err)
			}
			if tt.encoding != "" {
				req.Header.Set("Content-Encoding", tt.encoding)
			}
			if tt.expect {
				req.Header.Set("Expect", "100-continue")
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if body, _ := io.ReadAll(res.Body); res.StatusCode != tt.status {
				t.Errorf("answered %d %s", res.StatusCode, body)
			}
		})
	}
	if len(r.events) != 4 {
		t.Errorf("%d events", len(r.events))
	}
}

func TestHandlerServesExactlyItsRows(t *testing.T) {
	e, ok := newRecorder().handler().(*echo.Echo)
	if !ok {
		t.Fatal("the handler is no Echo")
	}
	var served, rows []string
	for _, route := range e.Routes() {
		served = append(served, route.Method+" "+route.Path+" "+route.Name)
	}
	for _, row := range sentry.Routes() {
		rows = append(rows, row.Method+" "+strings.NewReplacer("{$}", "", "{id}", ":id").Replace(row.Path)+" "+row.Name)
	}
	sort.Strings(served)
	sort.Strings(rows)
	if diff := cmp.Diff(rows, served); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkEnvelope(b *testing.B) {
	r := newRecorder()
	h := sentry.New(sentry.Options{Ingest: r, Clock: func() time.Time { return received }}).Handler()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, envelope(`{"message":"`+strings.Repeat("order rejected ", 250)+`"}`))
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.events, r.outcomes, r.items = nil, nil, nil
		req := httptest.NewRequest(http.MethodPost, "/api/42/envelope/?sentry_key="+goodKey, bytes.NewReader(packed.Bytes()))
		req.Header.Set("Content-Encoding", "gzip")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
