package elastic

import (
	"os"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
	"errata/internal/search"
)

// secure returns what is known of a cluster that asks for a password and has a
// certificate by an authority of its own.
func secure(t *testing.T) (url string, v func(string) string) {
	t.Helper()
	return address(t, "ERRATA_TEST_ES_SECURE_URL"), func(name string) string { return os.Getenv("ERRATA_TEST_ES_SECURE_" + name) }
}

// TestSecure signs in as the account whose role the documentation asks for.
func TestSecure(t *testing.T) {
	url, v := secure(t)
	ca, err := os.ReadFile(v("CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(v("OTHER_CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*Options)
		code   errata.Code // of the first write, "" = it works
	}{
		{"authority by file", func(o *Options) { o.CACert = ca }, ""},
		{"authority by fingerprint", func(o *Options) { o.CAFingerprint = v("CA_FINGERPRINT") }, ""},
		{"another authority", func(o *Options) { o.CACert = other }, errata.Unavailable},
		{"another fingerprint", func(o *Options) { o.CAFingerprint = "00" + v("CA_FINGERPRINT")[2:] }, errata.Unavailable},
		{"authorities of the system", func(*Options) {}, errata.Unavailable},
		{"wrong password", func(o *Options) { o.CACert, o.Password = ca, "wrong" }, errata.Unavailable},
		{"indices of others", func(o *Options) { o.CACert, o.Prefix = ca, "other" }, errata.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{URLs: []string{url}, Username: v("USERNAME"), Password: v("PASSWORD"), Prefix: "errata" + prefix(t), Clock: time.Now}
			tt.change(&o)
			e := openLive(t, o)
			results, err := e.Index(t.Context(), docs(1))
			if errata.CodeOf(err) != tt.code {
				t.Fatal(results, err)
			}
			if tt.code != "" {
				return
			}
			t.Cleanup(func() { clean(t, o) })
			if err := e.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			if s, err := e.Stats(t.Context()); err != nil || s.Events != 1 {
				t.Error(s, err)
			}
			if err := e.Prepare(t.Context(), noon); err != nil {
				t.Error(err)
			}
			if _, err := e.Seal(t.Context(), noon); err != nil {
				t.Error(err)
			}
			all := search.Request{Scope: search.Scope{All: true}, From: noon.AddDate(0, 0, -1), To: noon.Add(time.Hour), Size: 10}
			if res, err := e.Search(t.Context(), all); err != nil || len(res.Hits) != 1 || len(res.Gaps) > 0 {
				t.Error(res, err)
			}
			if err := e.client.do(t.Context(), esapi.IndicesCloseRequest{Index: []string{indexName(o.Prefix, 30, noon.UnixMicro())}}, nil); err != nil {
				t.Error(err)
			}
			e.answers.forget()
			if res, err := e.Search(t.Context(), all); errata.ReasonOf(err) != reasonUnreadable {
				t.Error(res, err)
			}
			if r, err := e.Expire(t.Context(), 30, noon.AddDate(0, 0, 2)); err != nil || r.Places != 2 { // Prepare made the next day
				t.Error(r, err)
			}
		})
	}
}
