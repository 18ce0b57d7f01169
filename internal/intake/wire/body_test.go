package wire_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"errata/internal/errata"
	"errata/internal/intake/wire"
)

var limits = wire.Limits{Sent: 1 << 20, Decoded: 4 << 20}

func pack(t testing.TB, encoding string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var z io.WriteCloser
	var err error
	switch encoding {
	case "gzip", "x-gzip", "GZIP":
		z = gzip.NewWriter(&b)
	case "deflate":
		z = zlib.NewWriter(&b)
	case "raw":
		z, err = flate.NewWriter(&b, 6)
	case "br":
		z = brotli.NewWriter(&b)
	case "zstd":
		z, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	default:
		return data
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(r io.Reader, encodings []string, lim wire.Limits) ([]byte, error) {
	body, err := wire.Open(r, encodings, lim)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func TestEncodings(t *testing.T) {
	data := []byte(strings.Repeat("an error happened; ", 500) + "\xff\x00")
	for range 3 { // more than once, so that pooled decoders are used again
		for _, e := range []struct{ packed, header string }{
			{"", ""},
			{"", "identity"},
			{"", "UTF-8"},
			{"", " , identity"},
			{"gzip", "gzip"},
			{"GZIP", "GZIP"},
			{"x-gzip", "x-gzip"},
			{"deflate", "deflate"},
			{"raw", "deflate"},
			{"br", "br"},
			{"zstd", "zstd"},
			{"gzip", "identity, gzip"},
		} {
			t.Run(e.packed+" as "+e.header, func(t *testing.T) {
				packed := pack(t, e.packed, data)
				for name, r := range map[string]io.Reader{"whole": bytes.NewReader(packed), "bytewise": iotest.OneByteReader(bytes.NewReader(packed))} {
					got, err := read(r, []string{e.header}, limits)
					if err != nil || !bytes.Equal(got, data) {
						t.Errorf("%s: %d bytes, %v", name, len(got), err)
					}
				}
				got, err := read(strings.NewReader(""), []string{e.header}, limits)
				if err != nil || len(got) != 0 {
					t.Errorf("empty: %d bytes, %v", len(got), err)
				}
			})
		}
	}
}

func TestBodyRefuses(t *testing.T) {
	data := []byte(strings.Repeat("an error happened; ", 500))
	big := make([]byte, 3<<20)
	noise := make([]byte, 1<<20+1)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	cut := errors.New("connection reset")
	tests := []struct {
		name      string
		encodings []string
		body      io.Reader
		reason    string
	}{
		{"two encodings", []string{"gzip, br"}, strings.NewReader(""), "encoding"},
		{"two headers", []string{"gzip", "gzip"}, strings.NewReader(""), "encoding"},
		{"unknown", []string{"compress"}, strings.NewReader(""), "encoding"},
		{"too much sent", nil, bytes.NewReader(noise), "body_size"},
		{"too much sent, compressed", []string{"gzip"}, io.MultiReader(bytes.NewReader(pack(t, "gzip", data)[:20]), bytes.NewReader(noise)), "bad_compression"},
		{"ratio", []string{"gzip"}, bytes.NewReader(pack(t, "gzip", big)), "decompressed_size"},
		{"ratio of zstd", []string{"zstd"}, bytes.NewReader(pack(t, "zstd", big)), "decompressed_size"},
		{"ratio of brotli", []string{"br"}, bytes.NewReader(pack(t, "br", big)), "decompressed_size"},
		{"cut gzip", []string{"gzip"}, bytes.NewReader(pack(t, "gzip", data)[:30]), "bad_compression"},
		{"cut header", []string{"gzip"}, bytes.NewReader(pack(t, "gzip", data)[:5]), "bad_compression"},
		{"cut zlib", []string{"deflate"}, bytes.NewReader(pack(t, "deflate", data)[:20]), "bad_compression"},
		{"cut raw", []string{"deflate"}, bytes.NewReader(pack(t, "raw", data)[:20]), "bad_compression"},
		{"cut brotli", []string{"br"}, bytes.NewReader(pack(t, "br", data)[:20]), "bad_compression"},
		{"cut zstd", []string{"zstd"}, bytes.NewReader(pack(t, "zstd", data)[:20]), "bad_compression"},
		{"wrong checksum", []string{"gzip"}, bytes.NewReader(flip(pack(t, "gzip", data), -6)), "bad_compression"},
		{"lost connection", nil, io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(cut)), "body_cut"},
		{"lost connection, compressed", []string{"zstd"}, io.MultiReader(bytes.NewReader(pack(t, "zstd", data)[:20]), iotest.ErrReader(cut)), "body_cut"},
		{"shorter than it says", nil, iotest.ErrReader(io.ErrUnexpectedEOF), "body_cut"},
		{"too slow", nil, iotest.ErrReader(os.ErrDeadlineExceeded), "timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := read(tt.body, tt.encodings, limits); errata.ReasonOf(err) != tt.reason {
				t.Errorf("got %v", err)
			}
		})
	}
}

func flip(b []byte, at int) []byte {
	b[len(b)+at] ^= 1
	return b
}

func TestDecodedLimit(t *testing.T) {
	data := []byte(strings.Repeat("0123456789abcdef", 100))
	for _, encoding := range []string{"", "gzip"} {
		exact := wire.Limits{Sent: 1 << 20, Decoded: int64(len(data))}
		if _, err := read(bytes.NewReader(pack(t, encoding, data)), []string{encoding}, exact); err != nil {
			t.Errorf("%q at the limit: %v", encoding, err)
		}
		exact.Decoded--
		if _, err := read(bytes.NewReader(pack(t, encoding, data)), []string{encoding}, exact); errata.CodeOf(err) != errata.TooLarge {
			t.Errorf("%q beyond the limit: %v", encoding, err)
		}
	}
}

func TestErrorsRepeatAndCloseIsFinal(t *testing.T) {
	body, err := wire.Open(strings.NewReader("no gzip"), []string{"gzip"}, limits)
	if err != nil {
		t.Fatal(err)
	}
	_, first := io.ReadAll(body)
	_, second := body.Read(make([]byte, 1))
	if first == nil || !errors.Is(second, first) {
		t.Errorf("got %v, then %v", first, second)
	}
	body.Close()
	body.Close()
	if _, err := body.Read(make([]byte, 1)); err == nil {
		t.Error("a closed body reads")
	}
}

func TestBlame(t *testing.T) {
	mine := errors.New("malformed")
	tests := []struct {
		name, encoding string
		body           []byte
		reason         string
	}{
		{"good compression", "gzip", pack(t, "gzip", []byte(strings.Repeat("x", 5000))), ""},
		{"cut", "gzip", pack(t, "gzip", bytes.Repeat([]byte("some text "), 2000))[:60], "bad_compression"},
		{"bomb", "gzip", pack(t, "gzip", make([]byte, 3<<20)), "decompressed_size"},
		{"plain", "", []byte("xyz"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, err := wire.Open(bytes.NewReader(tt.body), []string{tt.encoding}, limits)
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			_, _ = body.Read(make([]byte, 10))
			if got := body.Blame(mine); errata.ReasonOf(got) != tt.reason || tt.reason == "" && !errors.Is(got, mine) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// Whatever comes: bounded output, and an error with a reason or none.
func FuzzDecode(f *testing.F) {
	encodings := []string{"", "gzip", "deflate", "br", "zstd"}
	for i, e := range encodings {
		f.Add(uint8(i), pack(f, e, []byte(strings.Repeat("seed ", 50))))
		if e != "" {
			f.Add(uint8(i), pack(f, e, make([]byte, 2<<20)))
		}
	}
	f.Add(uint8(2), pack(f, "raw", []byte("raw deflate")))
	f.Fuzz(func(t *testing.T, which uint8, raw []byte) {
		encoding := encodings[int(which)%len(encodings)]
		small := wire.Limits{Sent: 1 << 20, Decoded: 2 << 20}
		got, err := read(bytes.NewReader(raw), []string{encoding}, small)
		if int64(len(got)) > small.Decoded+64<<10 {
			t.Fatalf("%d bytes came out", len(got))
		}
		if err != nil && errata.ReasonOf(err) == "" {
			t.Fatalf("an error without a reason: %v", err)
		}
	})
}
