package embedded

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/search"
)

// damage overwrites the middle of a file.
func damage(t *testing.T, path string, from, n int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, n)
	for i := range b {
		b[i] = 0xA5
	}
	if _, err := f.WriteAt(b, from); err != nil {
		t.Fatal(err)
	}
}

// days10 fills a directory with ten days in files of two, and closes it.
func days10(t *testing.T, dir string) (files []string) {
	t.Helper()
	e := open(t, Options{Dir: dir, DaysPerFile: 2})
	for i := range 10 {
		for n := range 40 {
			index(t, e, sent(i*100+n, noon.AddDate(0, 0, i-9)))
		}
	}
	for _, p := range e.snapshot() {
		files = append(files, p.path)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return files
}

var brokenGap = []search.Gap{{From: noon.AddDate(0, 0, -7).Truncate(24 * time.Hour), To: noon.AddDate(0, 0, -5).Truncate(24 * time.Hour), Reason: search.ReasonCorrupt}}

func TestUnreadableFileAtOpen(t *testing.T) {
	dir := t.TempDir()
	files := days10(t, dir)
	damage(t, files[1], 0, 100)
	for range 2 { // the second Open knows it from the file that was set aside
		e := open(t, Options{Dir: dir, DaysPerFile: 2})
		res, err := e.Search(t.Context(), everything())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(brokenGap, res.Gaps); diff != "" || res.Total != (search.Total{Value: 320}) {
			t.Errorf("%d events, gaps %s", res.Total.Value, diff)
		}
		_, err = e.Get(t.Context(), search.Scope{All: true}, errata.Ref{Project: "1", EventID: sent(200, noon).EventID, Time: noon.AddDate(0, 0, -7).UnixMicro()})
		if errata.CodeOf(err) != errata.Unavailable || errata.ReasonOf(err) != search.ReasonCorrupt {
			t.Error("get from a broken file:", err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.corrupt")); len(left) != 1 {
		t.Error("set aside:", left)
	}
}

// TestDamageFoundByReading damages pages of a file in use: the search that meets
// them answers with a gap, and the file is set aside.
func TestDamageFoundByReading(t *testing.T) {
	dir := t.TempDir()
	files := days10(t, dir)
	st, err := os.Stat(files[1])
	if err != nil {
		t.Fatal(err)
	}
	damage(t, files[1], 4*8192, st.Size()-4*8192)
	e := open(t, Options{Dir: dir, DaysPerFile: 2})
	res, err := e.Search(t.Context(), everything())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(brokenGap, res.Gaps); diff != "" || res.Total.Value > 320 {
		t.Errorf("%d events, gaps %s", res.Total.Value, diff)
	}
	waitFor(t, func() bool { return len(e.snapshot()) == 4 })
	index(t, e, sent(5000, noon.AddDate(0, 0, -6)))
	res, err = e.Search(t.Context(), everything())
	if err != nil || res.Total.Value != 321 || len(res.Gaps) != 1 {
		t.Errorf("a new event of a broken day: %+v %v", res, err)
	}
}

// TestDamagedBody replaces the body of one event: it is not answered in part,
// and the others of its file are there.
func TestDamagedBody(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Options{Dir: dir})
	index(t, e, sent(1, noon), sent(2, noon))
	err := e.submit(t.Context(), &job{do: func(w *writer) error {
		return w.open[0].run("UPDATE body SET z = ? WHERE id = (SELECT id FROM ev WHERE hex(eid) = ?)", []byte("ABCDEFGH"), strings.ToUpper(sent(1, noon).EventID))
	}})
	if err != nil {
		t.Fatal(err)
	}
	get := func(n int) error {
		_, err := e.Get(t.Context(), search.Scope{All: true}, errata.Ref{Project: "1", EventID: sent(n, noon).EventID, Time: noon.UnixMicro()})
		return err
	}
	if err := get(1); errata.CodeOf(err) != errata.Unavailable || errata.ReasonOf(err) != search.ReasonCorrupt {
		t.Errorf("the damaged: %v", err)
	}
	if err := get(2); err != nil {
		t.Errorf("the other: %v", err)
	}
}

// TestScanHasNoHoles scans and erases over damaged days: both say so, instead
// of leaving them out.
func TestScanHasNoHoles(t *testing.T) {
	dir := t.TempDir()
	files := days10(t, dir)
	st, err := os.Stat(files[1])
	if err != nil {
		t.Fatal(err)
	}
	damage(t, files[1], 4*8192, st.Size()-4*8192)
	e := open(t, Options{Dir: dir, DaysPerFile: 2})
	scan := func(r search.ScanRequest) (n int, err error) {
		r.Scope.All = true
		err = e.Scan(t.Context(), r, func(*search.Hit) error { n++; return nil })
		return n, err
	}
	for range 2 { // found by reading, then known
		_, err := scan(search.ScanRequest{})
		if errata.CodeOf(err) != errata.Unavailable || errata.ReasonOf(err) != search.ReasonCorrupt {
			t.Errorf("scan over broken days: %v", err)
		}
		waitFor(t, func() bool { return len(e.snapshot()) == 4 })
	}
	if n, err := scan(search.ScanRequest{From: noon.AddDate(0, 0, -3)}); err != nil || n != 160 {
		t.Errorf("scan of whole days: %d events, %v", n, err)
	}
	_, err = e.Erase(t.Context(), search.EraseRequest{Scope: search.Scope{All: true}})
	if errata.ReasonOf(err) != search.ReasonCorrupt {
		t.Errorf("erase over broken days: %v", err)
	}
}

func TestAllFilesBroken(t *testing.T) {
	dir := t.TempDir()
	for _, f := range days10(t, dir) {
		damage(t, f, 0, 100)
	}
	e := open(t, Options{Dir: dir, DaysPerFile: 2})
	_, err := e.Search(t.Context(), everything())
	if errata.CodeOf(err) != errata.Unavailable || errata.ReasonOf(err) != search.ReasonCorrupt {
		t.Error(err)
	}
	index(t, e, sent(1, noon.AddDate(0, 0, -9)))
}

// TestCheckAfterUncleanEnd damages a file that was not closed in good order: no
// search meets it, the check does.
func TestCheckAfterUncleanEnd(t *testing.T) {
	dir := t.TempDir()
	files := days10(t, dir)
	st, err := os.Stat(files[1])
	if err != nil {
		t.Fatal(err)
	}
	unclean(t, files[1])
	damage(t, files[1], st.Size()-5*8192, 5*8192)
	e := open(t, Options{Dir: dir, DaysPerFile: 2})
	waitFor(t, func() bool { return len(e.snapshot()) == 4 })
}

func unclean(t *testing.T, path string) {
	t.Helper()
	e := &Engine{o: Options{WriteCacheKiB: 512}}
	f, err := e.openFile(&partition{path: path, created: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.setMeta(metaClean, int64(0)); err != nil {
		t.Fatal(err)
	}
	f.shut()
}

// waitFor polls until done.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it did not happen in time")
		}
	}
}
