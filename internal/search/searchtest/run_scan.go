package searchtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/search"
)

var errEnough = errors.New("enough")

var scanCases = []testCase{
	{"order", func(f *fixture) {
		f.index(doc(3), doc(1), doc(5, at(Now.AddDate(0, 0, -12))), doc(2), doc(4, at(Now.AddDate(0, 0, -29))))
		f.index(doc(2, project("2"), at(Now.Add(-2*time.Minute))), doc(9, at(Now.Add(-2*time.Minute))))
		if got := f.scan(search.ScanRequest{Scope: f.all}); got != "1/4 1/5 1/3 1/2 2/2 1/9 1/1" {
			f.Errorf("scanned %s", got)
		}
	}},
	{"selects", func(f *fixture) {
		late := func(ev *errata.Event) { ev.ReceivedAt = Now.Add(time.Hour).UnixMicro() }
		f.index(doc(1, message("deadlock")), doc(2), doc(3, message("deadlock"), project("2")), doc(4, message("deadlock"), late), doc(0x500, message("deadlock")))
		for _, c := range []struct {
			name, want string
			r          search.ScanRequest
		}{
			{"nobody", "", search.ScanRequest{}},
			{"query", "1/500 1/4 2/3 1/1", search.ScanRequest{Scope: f.all, Query: f.query("deadlock")}},
			{"scope", "1/500 1/4 1/1", search.ScanRequest{Scope: search.Scope{Projects: []string{"1"}}, Query: f.query("deadlock")}},
			{"range", "1/4 2/3", search.ScanRequest{Scope: f.all, Query: f.query("deadlock"), From: Now.Add(-time.Hour), To: Now.Add(-time.Minute)}},
			{"received", "1/500 2/3 1/1", search.ScanRequest{Scope: f.all, Query: f.query("deadlock"), ReceivedBefore: Now.Add(time.Minute)}},
			{"received alone", "1/500 2/3 1/2 1/1", search.ScanRequest{Scope: f.all, ReceivedBefore: Now.Add(time.Minute)}},
		} {
			if got := f.scan(c.r); got != c.want {
				f.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
		err := f.e.Scan(f.Context(), search.ScanRequest{Scope: f.all, Query: f.query("is:open")}, func(*search.Hit) error { return nil })
		f.refused(err, errata.Invalid, search.ReasonQuery)
	}},
	{"fields", func(f *fixture) {
		d := doc(1, message("hello"), user("00112233445566ff"), tag("region", "eu"))
		f.index(d)
		for _, fields := range []search.Fields{search.FieldsList, search.FieldsFull} {
			f.ok(f.e.Scan(f.Context(), search.ScanRequest{Scope: f.all, Fields: fields}, func(h *search.Hit) error {
				if diff := gocmp.Diff(list(&d, fields == search.FieldsFull), *h); diff != "" {
					f.Error(diff)
				}
				return nil
			}))
		}
	}},
	{"resume_every_point", func(f *fixture) {
		r := rand.New(rand.NewPCG(11, 11))
		var docs []search.Doc
		for i := range 60 {
			docs = append(docs, doc(i%40, at(Now.Add(-time.Duration(r.IntN(20))*9*time.Hour)), project(fmt.Sprint(1+i/40))))
		}
		f.index(docs...)
		places, want := []search.Place{{}}, f.scan(search.ScanRequest{Scope: f.all})
		f.ok(f.e.Scan(f.Context(), search.ScanRequest{Scope: f.all}, func(h *search.Hit) error {
			places = append(places, search.PlaceOf(h))
			return nil
		}))
		all := strings.Fields(want)
		for i, p := range places {
			if got := f.scan(search.ScanRequest{Scope: f.all, After: p}); got != strings.Join(all[i:], " ") {
				f.Fatalf("behind event %d: %s, want %s", i, got, all[i:])
			}
		}
		err := f.e.Scan(f.Context(), search.ScanRequest{Scope: f.all, After: search.Place{Time: 1, EventID: "x"}}, nil)
		f.refused(err, errata.Invalid, search.ReasonRequest)
	}},
	{"cancel_100ms", func(f *fixture) {
		f.manyDocs(1500)
		ctx, cancel := context.WithCancel(f.Context())
		n := 0
		err := f.e.Scan(ctx, search.ScanRequest{Scope: f.all}, func(*search.Hit) error {
			if n++; n == 3 {
				cancel()
			}
			return nil
		})
		if errata.CodeOf(err) != errata.Unavailable || n > 1100 {
			f.Errorf("%d events after the end, error %v", n-3, err)
		}
		cancel()
	}},
	{"callback_error", func(f *fixture) {
		f.manyDocs(1200)
		for _, stop := range []int{1, 700, 1200} {
			n := 0
			err := f.e.Scan(f.Context(), search.ScanRequest{Scope: f.all}, func(*search.Hit) error {
				if n++; n == stop {
					return errEnough
				}
				return nil
			})
			if !errors.Is(err, errEnough) || n != stop {
				f.Errorf("%d events, error %v", n, err)
			}
		}
	}},
	{"sees_all_before", func(f *fixture) {
		var docs []search.Doc
		for i := range 2300 {
			docs = append(docs, doc(i, at(Now.Add(-time.Duration(i%700)*time.Hour)), message([]string{"deadlock", "timeout"}[i%2])))
		}
		f.index(docs...)
		for _, q := range []string{"", "deadlock", "env:production timeout", "env:qa"} {
			f.scan(search.ScanRequest{Scope: f.all, Query: f.query(q)})
		}
	}},
	{"while_indexing", func(f *fixture) {
		f.manyDocs(2000)
		ctx, cancel := context.WithCancel(f.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			for n := 5000; ctx.Err() == nil && n < 9000; n += 20 {
				var more []search.Doc
				for i := range 20 {
					more = append(more, doc(n+i, at(Now.Add(-time.Duration(i)*31*time.Hour))))
				}
				if _, err := f.e.Index(f.Context(), more); err != nil {
					f.Error(err)
				}
			}
		})
		seen, double := map[string]int{}, 0
		err := f.e.Scan(f.Context(), search.ScanRequest{Scope: f.all}, func(h *search.Hit) error {
			if seen[h.EventID]++; seen[h.EventID] > 1 {
				double++
			}
			return nil
		})
		cancel()
		wg.Wait()
		f.ok(err)
		for i := range 2000 {
			if seen[fmt.Sprintf("%032x", i)] == 0 {
				f.Fatalf("event %d was there before and is missing", i)
			}
		}
		if double > 0 {
			f.Errorf("%d events came twice", double)
		}
	}},
	{"memory_flat", func(f *fixture) {
		const n, size = 12_000, 8 << 10 // 96 MB of payload
		for start := 0; start < n; start += 500 {
			docs := make([]search.Doc, 500)
			for i := range docs {
				docs[i] = doc(start+i, at(Now.Add(-time.Duration(start+i)*time.Minute)))
				docs[i].Payload = noise(uint64(start+i), size)
			}
			if _, err := f.e.Index(f.Context(), docs); err != nil {
				f.Fatal(err)
			}
		}
		f.ok(f.e.Refresh(f.Context()))
		before, most, count := heap(), uint64(0), 0
		f.ok(f.e.Scan(f.Context(), search.ScanRequest{Scope: f.all, Fields: search.FieldsFull}, func(h *search.Hit) error {
			if count++; count%3000 == 0 {
				most = max(most, heap())
			}
			if len(h.Payload) < size {
				return errEnough
			}
			return nil
		}))
		if grown := int64(most) - int64(before); count != n || grown > 50<<20 {
			f.Errorf("%d events, heap grew by %d MiB", count, grown>>20)
		}
	}},
	{"closed", func(f *fixture) {
		f.index(doc(1))
		f.ok(f.e.Close())
		err := f.e.Scan(f.Context(), search.ScanRequest{Scope: f.all}, func(*search.Hit) error { return nil })
		f.refused(err, errata.Unavailable, search.ReasonClosed)
		_, err = f.e.Erase(f.Context(), search.EraseRequest{Scope: f.all})
		f.refused(err, errata.Unavailable, search.ReasonClosed)
	}},
}

// heap returns the bytes that are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// scan returns "project/id" of all that a scan gives, compared with the model.
func (f *fixture) scan(r search.ScanRequest) string {
	f.Helper()
	got, err := scanned(f.e, r)
	f.ok(err)
	want, err := scanned(f.model, r)
	f.ok(err)
	if diff := gocmp.Diff(want, got); diff != "" {
		f.Errorf("scans differ (-model +engine):\n%s", diff)
	}
	return strings.Join(got, " ")
}

func scanned(e search.Engine, r search.ScanRequest) (all []string, err error) {
	err = e.Scan(context.Background(), r, func(h *search.Hit) error {
		all = append(all, h.Project+"/"+ids([]search.Hit{*h}))
		return nil
	})
	return slices.Clip(all), err
}
