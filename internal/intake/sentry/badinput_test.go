package sentry_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"errata/internal/errata"
)

const maxGrowth = 32 << 20

// lazy is a body made while it is read, so that a bomb takes no memory here.
func lazy(write func(io.Writer) error) io.Reader {
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	return r
}

// zeros compresses ten gigabytes of nothing, as far as anybody reads.
func zeros(open func(io.Writer) io.WriteCloser) io.Reader {
	return lazy(func(w io.Writer) error {
		z := open(w)
		block := make([]byte, 1<<20)
		for range 10 << 10 {
			if _, err := z.Write(block); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

func gzipped(s string) io.Reader {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return &b
}

func text(s string) io.Reader { return strings.NewReader(s) }

func envelope(payload string) string {
	return "{}\n{\"type\":\"event\",\"length\":" + strconv.Itoa(len(payload)) + "}\n" + payload + "\n"
}

const goodEvent = `{"message":"order rejected","level":"error"}`

// failing is a body that ends with an error after its text.
type failing struct {
	io.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = f.err
	}
	return n, err
}

// The bad inputs that concern this door, numbered as in the catalogue of
// docs/design.md.
func TestBadInput(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	store, env := "/api/42/store/", "/api/42/envelope/"
	tests := []struct {
		name     string
		path     string
		encoding string
		body     func() io.Reader
		status   int
		reason   string // of the answer, "" = 200
		outcome  string
		note     string // code of a note of the event
	}{
		{"1 gzip bomb", env, "gzip", func() io.Reader { return zeros(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }) }, 413, "decompressed_size", "request/rejected/decompressed_size", ""},
		{"1 gzip bomb to store", store, "gzip", func() io.Reader { return zeros(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }) }, 413, "decompressed_size", "request/rejected/decompressed_size", ""},
		{"2 two encodings", env, "gzip, gzip", func() io.Reader { return gzipped(envelope(goodEvent)) }, 415, "encoding", "request/rejected/encoding", ""},
		{"3 zlib bomb", env, "deflate", func() io.Reader { return zeros(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }) }, 413, "decompressed_size", "request/rejected/decompressed_size", ""},
		{"3 deflate bomb", env, "deflate", func() io.Reader {
			return zeros(func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, 6); return z })
		}, 413, "decompressed_size", "request/rejected/decompressed_size", ""},
		{"3 zstd bomb", env, "zstd", func() io.Reader {
			return zeros(func(w io.Writer) io.WriteCloser {
				z, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
				return z
			})
		}, 413, "decompressed_size", "request/rejected/decompressed_size", ""},
		{"3 zstd with a window of 512 MiB", env, "zstd", func() io.Reader {
			return lazy(func(w io.Writer) error {
				z, err := zstd.NewWriter(w, zstd.WithWindowSize(512<<20), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithEncoderLevel(zstd.SpeedFastest))
				if err != nil {
					return err
				}
				_, _ = io.WriteString(z, envelope(goodEvent))
				_ = z.Flush()
				return z.Close()
			})
		}, 413, "decompressed_size", "request/rejected/decompressed_size", ""},
		{"3 brotli bomb", env, "br", func() io.Reader {
			return zeros(func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 5) })
		}, 413, "decompressed_size", "request/rejected/decompressed_size", ""},
		{"3 base64 of a zlib bomb", store, "", func() io.Reader {
			var b bytes.Buffer
			z := zlib.NewWriter(&b)
			_, _ = z.Write(make([]byte, 16<<20))
			_ = z.Close()
			return text(base64.StdEncoding.EncodeToString(b.Bytes()))
		}, 413, "decompressed_size", "error/rejected/decompressed_size", ""},
		{"4 unknown encoding", env, "foo", func() io.Reader { return text(envelope(goodEvent)) }, 415, "encoding", "request/rejected/encoding", ""},
		{"5 gzip header, then garbage", env, "gzip", func() io.Reader { return text("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03garbage!garbage!") }, 400, "bad_compression", "request/rejected/bad_compression", ""},
		{"5 no gzip at all", env, "gzip", func() io.Reader { return text(envelope(goodEvent)) }, 400, "bad_compression", "request/rejected/bad_compression", ""},
		{"5 no zstd at all", env, "zstd", func() io.Reader { return text(envelope(goodEvent)) }, 400, "bad_compression", "request/rejected/bad_compression", ""},
		{"5 garbage behind gzip", env, "gzip", func() io.Reader { return io.MultiReader(gzipped(envelope(goodEvent)), text("garbage")) }, 400, "bad_compression", "request/rejected/bad_compression", ""},
		{"6 cut gzip", env, "gzip", func() io.Reader { return io.LimitReader(gzipped(envelope(goodEvent)), 40) }, 400, "bad_compression", "request/rejected/bad_compression", ""},
		{"7 body shorter than it says", env, "", func() io.Reader { return failing{text(envelope(goodEvent)), io.ErrUnexpectedEOF} }, 400, "body_cut", "request/rejected/envelope", ""},
		{"7 the same, compressed", env, "gzip", func() io.Reader {
			return failing{io.LimitReader(gzipped(envelope(goodEvent)), 40), io.ErrUnexpectedEOF}
		}, 400, "body_cut", "request/rejected/envelope", ""},
		{"14 slow body", env, "", func() io.Reader { return failing{text(envelope(goodEvent)), os.ErrDeadlineExceeded} }, 408, "timeout", "request/rejected/envelope", ""},
		{"25 empty store", store, "", func() io.Reader { return text("") }, 400, "empty_body", "request/rejected/empty_body", ""},
		{"25 empty gzip", env, "gzip", func() io.Reader { return text("") }, 400, "empty_body", "request/rejected/empty_body", ""},
		{"25 empty event", env, "", func() io.Reader { return text(envelope("")) }, 400, "empty_body", "error/rejected/empty_body", ""},
		{"26 null", env, "", func() io.Reader { return text(envelope("null")) }, 400, "expected_object", "error/rejected/expected_object", ""},
		{"26 null to store", store, "", func() io.Reader { return text("null") }, 400, "expected_object", "error/rejected/expected_object", ""},
		{"26 list", store, "", func() io.Reader { return text("[]") }, 400, "expected_object", "error/rejected/expected_object", ""},
		{"26 text", store, "", func() io.Reader { return text(`"x"`) }, 400, "expected_object", "error/rejected/expected_object", ""},
		{"26 number", store, "", func() io.Reader { return text("0") }, 400, "expected_object", "error/rejected/expected_object", ""},
		{"27 10,000 levels", env, "", func() io.Reader { return text(envelope(deep)) }, 400, "too_deep", "error/rejected/too_deep", ""},
		{"28 500,000 keys", env, "gzip", func() io.Reader {
			return gzipped(envelope(`{"extra":[` + strings.Repeat(`{"":1},`, 140_000) + `1]}`))
		}, 413, "too_many_keys", "error/rejected/too_many_keys", ""},
		{"29 duplicate keys", env, "", func() io.Reader { return text(envelope(`{"message":"a","message":"b"}`)) }, 200, "", "error/stored/full", "repeated_keys"},
		{"30 odd numbers", env, "", func() io.Reader { return text(envelope(`{"extra":{"a":1e999,"b":-0,"c":18446744073709551616}}`)) }, 200, "", "error/stored/full", "number_as_text"},
		{"31 lone surrogate", env, "", func() io.Reader { return text(envelope(`{"message":"\ud800"}`)) }, 200, "", "error/stored/full", "bad_utf8"},
		{"31 byte order mark", store, "", func() io.Reader { return text("\xef\xbb\xbf" + goodEvent) }, 200, "", "error/stored/full", "byte_order_mark"},
		{"32 NUL", env, "", func() io.Reader { return text(envelope(`{"message":"a\u0000b"}`)) }, 200, "", "error/stored/full", "nul_removed"},
		{"33 200 MB", env, "", func() io.Reader {
			return io.MultiReader(text("{}\n{\"type\":\"event\"}\n{\"message\":\""), io.LimitReader(letters{}, 200<<20))
		}, 413, "body_size", "request/rejected/body_size", ""},
		{"33 200 MB to store", store, "", func() io.Reader { return io.MultiReader(text(`{"message":"`), io.LimitReader(letters{}, 200<<20)) }, 413, "body_size", "request/rejected/body_size", ""},
		{"33 a little too large for store", store, "", func() io.Reader { return text(`{"message":"` + strings.Repeat("x", 1<<20) + `"}`) }, 413, "body_size", "error/rejected/body_size", ""},
		{"36 bad header", env, "", func() io.Reader { return text("hello\n{\"type\":\"event\"}\n{}") }, 400, "envelope", "request/rejected/envelope", ""},
		{"36 header is a list", env, "", func() io.Reader { return text("[]\n{\"type\":\"event\"}\n{}") }, 400, "envelope", "request/rejected/envelope", ""},
		{"36 header of 9 KiB", env, "", func() io.Reader { return text(`{"x":"` + strings.Repeat("x", 9<<10) + "\"}\n{\"type\":\"event\"}\n{}") }, 400, "envelope", "request/rejected/envelope", ""},
		{"36 type missing", env, "", func() io.Reader { return text("{}\n{\"length\":2}\n{}") }, 400, "envelope", "request/rejected/envelope", ""},
		{"36 type is a number", env, "", func() io.Reader { return text("{}\n{\"type\":1}\n{}") }, 400, "envelope", "request/rejected/envelope", ""},
		{"36 negative length", env, "", func() io.Reader { return text("{}\n{\"type\":\"event\",\"length\":-1}\n{}") }, 400, "envelope", "request/rejected/envelope", ""},
		{"36 length of a text", env, "", func() io.Reader { return text("{}\n{\"type\":\"event\",\"length\":\"2\"}\n{}") }, 400, "envelope", "request/rejected/envelope", ""},
		{"36 enormous length", env, "", func() io.Reader { return text("{}\n{\"type\":\"x\",\"length\":9223372036854775807}\n{}") }, 400, "envelope", "request/rejected/envelope", ""},
		{"36 1,001 items", env, "", func() io.Reader {
			return text(envelope(goodEvent) + strings.Repeat("{\"type\":\"x\",\"length\":0}\n\n", 1000))
		}, 413, "too_many_items", "request/rejected/too_many_items", ""},
		{"37 odd event id", env, "", func() io.Reader { return text("{\"event_id\":\"abc\"}\n{\"type\":\"event\"}\n" + goodEvent) }, 200, "", "error/stored/full", "bad_id"},
		{"40 yesterday", env, "", func() io.Reader { return text(envelope(`{"timestamp":"yesterday"}`)) }, 200, "", "error/stored/full", "bad_time"},
		{"40 0", env, "", func() io.Reader { return text(envelope(`{"timestamp":0}`)) }, 200, "", "error/stored/full", "out_of_range"},
		{"40 9999", env, "", func() io.Reader { return text(envelope(`{"timestamp":"9999-01-01T00:00:00Z"}`)) }, 200, "", "error/stored/full", "out_of_range"},
		{"40 milliseconds", env, "", func() io.Reader { return text(envelope(`{"timestamp":1795168799250}`)) }, 200, "", "error/stored/full", "bad_time"},
		{"41 fantastic level", env, "", func() io.Reader { return text(envelope(`{"level":"fatalistic"}`)) }, 200, "", "error/stored/full", "bad_level"},
		{"42 100,000 frames", env, "", func() io.Reader {
			return text(envelope(`{"exception":{"type":"A","stacktrace":{"frames":[` + strings.Repeat(`{},`, 100_000) + `{}]}}}`))
		}, 200, "", "error/stored/full", "too_many"},
		{"43 10,000 tags", env, "", func() io.Reader { return text(envelope(`{"tags":[` + manyTags(10_000) + `]}`)) }, 200, "", "error/stored/full", "too_many"},
		{"43 a value of 1 MB", env, "", func() io.Reader { return text(envelope(`{"tags":{"a":"` + strings.Repeat("x", 1_000_000) + `"}}`)) }, 200, "", "error/stored/full", "too_long"},
		{"44 1,000 fingerprint parts", env, "", func() io.Reader {
			return text(envelope(`{"fingerprint":[` + strings.Repeat(`"p",{},`, 500) + `"p"]}`))
		}, 200, "", "error/stored/full", "too_many"},
		{"45 names of the server", env, "", func() io.Reader {
			return text(envelope(`{"project_id":"7","received":1,"_errata":{"a":1},"errata.issue_id":"x"}`))
		}, 200, "", "error/stored/full", ""},
		{"46 prototype", env, "", func() io.Reader {
			return text(envelope(`{"__proto__":{"level":"fatal"},"constructor":{},"tags":{"__proto__":"x"}}`))
		}, 200, "", "error/stored/full", ""},
		{"50 a tag that is an object", env, "", func() io.Reader { return text(envelope(`{"tags":{"a":1,"b":{"c":2}}}`)) }, 200, "", "error/stored/full", "expected_text"},
		{"51 odd names", env, "", func() io.Reader {
			return text(envelope(`{"extra":{"a.b":1,"_id":2,"":3,"` + strings.Repeat("k", 1024) + `":4}}`))
		}, 200, "", "error/stored/full", "too_long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRecorder()
			var w *httptest.ResponseRecorder
			body := tt.body()
			growth := grows(func() {
				req := httptest.NewRequest(http.MethodPost, tt.path, body)
				req.Header.Set("X-Sentry-Auth", "Sentry sentry_key="+goodKey)
				req.Header.Set("Content-Encoding", tt.encoding)
				w = r.do(req)
			})
			if p, ok := body.(*io.PipeReader); ok {
				_ = p.Close()
			}
			if w.Code != tt.status || tt.reason != "" && !strings.Contains(w.Body.String(), `"causes":["`+tt.reason+`"]`) {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff([]string{tt.outcome}, r.outcomes); diff != "" {
				t.Error("outcomes", diff)
			}
			if tt.note != "" && !hasNote(r.events, tt.note) {
				t.Errorf("no note %q", tt.note)
			}
			t.Logf("memory grew by %d KiB", growth>>10)
			if growth > maxGrowth && !raceDetector {
				t.Errorf("memory grew by %d MiB", growth>>20)
			}
			r.known(t)
		})
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func manyTags(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `["t%d","v"],`, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

func hasNote(events []*errata.Event, code string) bool {
	for _, ev := range events {
		for _, n := range ev.Notes {
			if n.Code == code {
				return true
			}
		}
	}
	return false
}

// grows returns by how many bytes the resident memory of the process rose at
// most while f ran (Linux; elsewhere by how much the heap rose).
func grows(f func()) int64 {
	debug.FreeOSMemory()
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil { // sets the high-water mark back
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return int64(after.HeapSys) - int64(before.HeapSys)
	}
	before := resident("VmRSS:")
	f()
	return resident("VmHWM:") - before
}

func resident(field string) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}
