package searchtest

import (
	"bytes"

	gocmp "github.com/google/go-cmp/cmp"

	"errata/internal/errata"
	"errata/internal/search"
)

var getCases = []testCase{
	{"by_ref", func(f *fixture) {
		d := doc(1, message("hello"), user("00112233445566ff"))
		f.index(d, doc(2))
		f.gets(d, errata.Ref{Project: "1", EventID: d.EventID, Time: d.Time, Class: 30})
	}},
	{"without_time", func(f *fixture) {
		d := doc(1, at(Now.AddDate(0, 0, -9)))
		f.index(d, doc(2))
		f.gets(d, errata.Ref{Project: "1", EventID: d.EventID, Class: 30})
	}},
	{"without_class", func(f *fixture) {
		d := doc(1, class(90))
		f.index(d, doc(2))
		f.gets(d, errata.Ref{Project: "1", EventID: d.EventID, Time: d.Time})
		f.gets(d, errata.Ref{Project: "1", EventID: d.EventID})
	}},
	{"fresh", func(f *fixture) {
		d := doc(1)
		_, err := f.e.Index(f.Context(), []search.Doc{d}) // and no refresh
		f.ok(err)
		f.gets(d, errata.Ref{Project: "1", EventID: d.EventID, Time: d.Time, Class: 30})
	}},
	{"absent", func(f *fixture) {
		d := doc(1)
		f.index(d)
		for _, ref := range []errata.Ref{
			{Project: "1", EventID: doc(2).EventID, Time: d.Time, Class: 30},
			{Project: "2", EventID: d.EventID},
			{Project: "1", EventID: doc(3).EventID},
			{Project: "1", EventID: "nonsense"},
			{Project: "1", EventID: doc(4).EventID, Time: Now.AddDate(0, -3, 0).UnixMicro()},
		} {
			_, err := f.e.Get(f.Context(), f.all, ref)
			f.refused(err, errata.NotFound, "")
		}
	}},
	{"out_of_scope", func(f *fixture) {
		d := doc(1)
		f.index(d)
		ref := errata.Ref{Project: "1", EventID: d.EventID, Time: d.Time, Class: 30}
		for _, s := range []search.Scope{{}, {Projects: []string{"2"}}} {
			_, err := f.e.Get(f.Context(), s, ref)
			f.refused(err, errata.NotFound, "")
		}
		_, err := f.e.Get(f.Context(), search.Scope{Projects: []string{"2", "1"}}, ref)
		f.ok(err)
	}},
}

func (f *fixture) gets(want search.Doc, ref errata.Ref) {
	f.Helper()
	got, err := f.e.Get(f.Context(), f.all, ref)
	f.ok(err)
	h := list(&want, true)
	if diff := gocmp.Diff(search.Doc(h), *got, gocmp.Comparer(bytes.Equal)); diff != "" {
		f.Error(diff)
	}
}
