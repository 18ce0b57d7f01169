package searchtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"errata/internal/errata"
	"errata/internal/search"
)

var expireCases = []testCase{
	{"day_edge", func(f *fixture) {
		edge := Now.AddDate(0, 0, -3).Truncate(24 * time.Hour)
		f.index(doc(1, at(edge.Add(-time.Microsecond))), doc(2, at(edge)), doc(3))
		f.expire(30, edge.Add(time.Hour), "3 2")
		f.expire(30, edge, "3 2")
	}},
	{"class", func(f *fixture) {
		old := Now.AddDate(0, 0, -20)
		f.index(doc(1, at(old), class(7)), doc(2, at(old), class(30)), doc(3, at(old.AddDate(0, 0, 1)), class(7)), doc(4, class(7)))
		f.expire(7, Now.AddDate(0, 0, -7), "4 2")
		f.expire(30, Now.AddDate(0, 0, -10), "4")
	}},
	{"keeps_newer", func(f *fixture) {
		f.manyDocs(300)
		f.expire(30, Now.AddDate(0, 0, -10), "")
		f.expire(90, Now.AddDate(0, 0, -1), "")
		f.expire(30, Now.AddDate(0, 0, -10), "")
		d := doc(5000, at(Now.AddDate(0, 0, -2)))
		f.index(d)
		f.agree(f.everything())
	}},
	{"space_back", func(f *fixture) {
		var docs []search.Doc
		for i := range 200 {
			d := doc(i, at(Now.AddDate(0, 0, -20).Add(time.Duration(i)*time.Second)))
			d.Payload = noise(uint64(i), 8<<10)
			docs = append(docs, d)
		}
		f.index(docs...)
		f.index(doc(1000))
		before, err := f.e.Stats(f.Context())
		f.ok(err)
		f.expire(30, Now.AddDate(0, 0, -10), "")
		after, err := f.e.Stats(f.Context())
		f.ok(err)
		if after.Events != 1 || after.Bytes > before.Bytes/2 {
			f.Errorf("%d events in %d bytes, before %d in %d", after.Events, after.Bytes, before.Events, before.Bytes)
		}
	}},
	{"while_reading", func(f *fixture) {
		f.manyDocs(600)
		ctx, cancel := context.WithCancel(f.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, err := f.e.Search(f.Context(), f.everything()); err != nil {
						f.Error("search while expiring:", err)
						return
					}
				}
			})
		}
		for d := 29; d > 5; d -= 4 {
			_, err := f.e.Expire(f.Context(), 30, Now.AddDate(0, 0, -d))
			f.ok(err)
			_, err = f.model.Expire(f.Context(), 30, Now.AddDate(0, 0, -d))
			f.ok(err)
		}
		cancel()
		wg.Wait()
		f.ok(f.e.Refresh(f.Context()))
		f.agree(f.everything())
	}},
}

// expire drops in engine and model and compares; want, if given, is what stays.
func (f *fixture) expire(class int, before time.Time, want string) {
	f.Helper()
	_, err := f.e.Expire(f.Context(), class, before)
	f.ok(err)
	_, err = f.model.Expire(f.Context(), class, before)
	f.ok(err)
	f.ok(f.e.Refresh(f.Context()))
	r := f.everything()
	r.Aggs = []search.Agg{{Name: "day", Kind: search.Histogram, Interval: "1d"}, {Name: "class", Kind: search.Terms, Key: key("issue"), Size: 3}}
	if got := ids(f.agree(r).Hits); want != "" && got != want {
		f.Errorf("after class %d before %v: %q, want %q", class, before, got, want)
	}
}

var failCases = []testCase{
	{"timeout", func(f *fixture) {
		f.manyDocs(100)
		r := f.everything()
		r.Timeout = time.Nanosecond
		res, err := f.e.Search(f.Context(), r)
		if err == nil && len(res.Gaps) == 0 {
			f.Error("a search of no time at all has a whole answer")
		}
		if err != nil {
			f.refused(err, errata.Unavailable, search.ReasonTimeout)
		}
	}},
	{"cancel_100ms", func(f *fixture) {
		f.manyDocs(100)
		ctx, cancel := context.WithCancel(f.Context())
		cancel()
		if _, err := f.e.Search(ctx, f.everything()); err == nil {
			f.Error("a cancelled search has an answer")
		}
	}},
	{"closed", func(f *fixture) {
		f.index(doc(1))
		f.ok(f.e.Close())
		_, err := f.e.Index(f.Context(), []search.Doc{doc(2)})
		f.refused(err, errata.Unavailable, search.ReasonClosed)
		_, err = f.e.Search(f.Context(), f.everything())
		f.refused(err, errata.Unavailable, search.ReasonClosed)
		_, err = f.e.Get(f.Context(), f.all, errata.Ref{Project: "1", EventID: doc(1).EventID})
		f.refused(err, errata.Unavailable, search.ReasonClosed)
		_, err = f.e.Expire(f.Context(), 30, Now)
		f.refused(err, errata.Unavailable, search.ReasonClosed)
		f.ok(f.e.Close())
	}},
}

var lifeCases = []testCase{
	{"reopen_same", func(f *fixture) {
		f.manyDocs(700)
		r := f.everything()
		r.Aggs = []search.Agg{{Name: "h", Kind: search.Histogram, Interval: "1d"}}
		r.Fields = search.FieldsFull
		f.agree(r)
		f.reopen()
		f.agree(r)
		f.index(doc(5000))
		f.agree(r)
	}},
	{"concurrent_race", func(f *fixture) {
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for b := range 5 {
					var docs []search.Doc
					for i := range 30 {
						docs = append(docs, doc(w*1000+b*30+i, at(Now.Add(-time.Duration(i*b)*7*time.Hour)), issue(fmt.Sprint(i%5))))
					}
					if _, err := f.e.Index(f.Context(), docs); err != nil {
						f.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range 10 {
					r := f.everything()
					r.Aggs = []search.Agg{{Name: "t", Kind: search.Terms, Key: key("issue"), Size: 3, Sub: []search.Agg{{Name: "h", Kind: search.Histogram, Interval: "1d"}}}}
					_, err := f.e.Search(f.Context(), r)
					if err != nil {
						f.Error(err)
					}
					_, err = f.e.Get(f.Context(), f.all, errata.Ref{Project: "1", EventID: doc(w * 1000).EventID})
					if err != nil && errata.CodeOf(err) != errata.NotFound {
						f.Error(err)
					}
				}
			})
		}
		wg.Wait()
		f.ok(f.e.Refresh(f.Context()))
		if n := f.count(); n != 600 {
			f.Errorf("%d events, want 600", n)
		}
	}},
	{"stats_match", func(f *fixture) {
		f.manyDocs(400)
		st, err := f.e.Stats(f.Context())
		f.ok(err)
		want, err := f.model.Stats(f.Context())
		f.ok(err)
		if st.Events != want.Events || st.Oldest != want.Oldest || st.Newest != want.Newest || st.Bytes <= 0 || st.Engine == "" || st.AdvisedEvents != f.e.Caps().AdvisedEvents {
			f.Errorf("stats %+v, want %+v", st, want)
		}
	}},
	{"close_twice", func(f *fixture) { f.ok(errors.Join(f.e.Close(), f.e.Close())) }},
}

// noise returns n bytes that do not compress, as JSON.
func noise(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('!' + r.IntN(90))
		if b[i] == '"' || b[i] == '\\' {
			b[i] = 'x'
		}
	}
	return []byte(`{"x":"` + string(b) + `"}`)
}
