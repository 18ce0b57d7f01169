// Package static serves the stylesheet, scripts, fonts and icons of the pages.
//
// Addresses carry a fingerprint of all files together, /static/<print>/<name>,
// so browsers keep them for ever and files may name one another by relative
// paths. The stylesheet css/errata.css is made at start from the files directly
// in css/; those of css/pages are served as they are.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed css fonts icons js licenses
var embedded embed.FS

// Stylesheet is the one that all pages link to, before those of their section.
const Stylesheet = "css/errata.css"

// prefix is where Handler is mounted.
const prefix = "/static/"

// file is a file as it is answered: plain, and packed when that is smaller.
type file struct {
	kind          string
	plain, packed []byte
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml; charset=utf-8",
	".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

var files, fingerprint = load(embedded)

// load reads all files and joins the parts of the stylesheet. It panics when
// the embedded files cannot be read, which only a broken build can cause.
func load(from fs.FS) (map[string]file, string) {
	out, sheet := map[string]file{}, []byte{}
	var names []string
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(from, name)
		if path.Dir(name) == "css" {
			sheet = append(sheet, b...) // the walk is in order of names; the first one fixes the layers
			return err
		}
		out[name], names = newFile(name, b), append(names, name)
		return err
	})
	if err != nil {
		panic(err)
	}
	out[Stylesheet], names = newFile(Stylesheet, sheet), append(names, Stylesheet)
	return out, printOf(out, names)
}

func newFile(name string, b []byte) file {
	f := file{kind: kinds[path.Ext(name)], plain: b}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = w.Write(b) // a buffer takes everything
	w.Close()
	if packed.Len() < len(b)*9/10 {
		f.packed = packed.Bytes()
	}
	return f
}

func printOf(all map[string]file, names []string) string {
	slices.Sort(names)
	h := sha256.New()
	for _, n := range names {
		h.Write([]byte(n + "\x00" + strconv.Itoa(len(all[n].plain)) + "\x00"))
		h.Write(all[n].plain)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Path returns the address of a file, which changes when any file does. It
// panics for a file that does not exist, so a typo fails the first test.
func Path(name string) string {
	if _, ok := files[name]; !ok {
		panic("static: no file " + name)
	}
	return prefix + fingerprint + "/" + name
}

// Icon returns the address of an icon of the sprite.
func Icon(name string) string { return Path("icons/icons.svg") + "#" + name }

// Handler serves /static/<print>/<name>. The present print may be kept for
// ever; under another one, as during an upgrade, the present file is answered
// but not kept.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		print, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, prefix), "/")
		f, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		f.write(w, r, print == fingerprint)
	})
}

func (f file) write(w http.ResponseWriter, r *http.Request, keep bool) {
	h, body := w.Header(), f.plain
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	if keep {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if f.packed != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = f.packed
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client has gone: nothing to do about it
	}
}

// acceptsGzip reads an Accept-Encoding header; gzip;q=0 refuses.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.ReplaceAll(weight, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
