package wire

import (
	"bufio"
	"errors"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// What a zstd stream may make its decoder allocate.
const (
	zstdMemory = 32 << 20
	zstdWindow = 8 << 20
)

var sources = sync.Pool{New: func() any {
	s := &source{}
	s.buf = bufio.NewReaderSize(s, 4<<10)
	return s
}}

// codec opens and gives back the decoder of one encoding. The zero codec passes
// bytes on.
type codec struct {
	open  func(*bufio.Reader) (io.Reader, error)
	close func(io.Reader)
}

var codecs = map[string]codec{
	"":        {},
	"gzip":    {openGzip, func(r io.Reader) { gzips.Put(r) }},
	"deflate": {openDeflate, closeDeflate},
	"br":      {openBrotli, func(r io.Reader) { brotlis.Put(r) }},
	"zstd":    {openZstd, closeZstd},
}

var gzips, zlibs, flates, brotlis, zstds sync.Pool

func openGzip(r *bufio.Reader) (io.Reader, error) {
	if z, ok := gzips.Get().(*gzip.Reader); ok {
		return z, z.Reset(r)
	}
	return gzip.NewReader(r)
}

// openDeflate tells zlib (RFC 1950, what the name means) from raw deflate
// (RFC 1951, what some clients send) by the zlib header.
func openDeflate(r *bufio.Reader) (io.Reader, error) {
	head, _ := r.Peek(2)
	if len(head) == 2 && head[0] == 0x78 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		if z, ok := zlibs.Get().(io.Reader); ok {
			return z, z.(zlib.Resetter).Reset(r, nil)
		}
		return zlib.NewReader(r)
	}
	if f, ok := flates.Get().(io.Reader); ok {
		return f, f.(flate.Resetter).Reset(r, nil)
	}
	return rawDeflate{flate.NewReader(r)}, nil
}

// rawDeflate tells a raw reader from a zlib one when it is given back.
type rawDeflate struct{ io.Reader }

// Reset implements flate.Resetter.
func (r rawDeflate) Reset(from io.Reader, dict []byte) error {
	return r.Reader.(flate.Resetter).Reset(from, dict)
}

func closeDeflate(r io.Reader) {
	if _, raw := r.(rawDeflate); raw {
		flates.Put(r)
		return
	}
	zlibs.Put(r)
}

func openBrotli(r *bufio.Reader) (io.Reader, error) {
	if b, ok := brotlis.Get().(*brotli.Reader); ok {
		return b, b.Reset(r)
	}
	return brotli.NewReader(r), nil
}

func openZstd(r *bufio.Reader) (io.Reader, error) {
	if z, ok := zstds.Get().(*zstd.Decoder); ok {
		return z, z.Reset(r)
	}
	return zstd.NewReader(r, zstd.WithDecoderMaxMemory(zstdMemory), zstd.WithDecoderMaxWindow(zstdWindow),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
}

func closeZstd(r io.Reader) {
	if z := r.(*zstd.Decoder); z.Reset(nil) == nil {
		zstds.Put(z)
	}
}

func tooMuchMemory(err error) bool {
	return errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded)
}
