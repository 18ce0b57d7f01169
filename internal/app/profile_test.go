package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestProfilesAreForThisMachine(t *testing.T) {
	mux := http.NewServeMux()
	profiles(mux)
	tests := []struct {
		name, from, forwarded string
		want                  int
	}{
		{"loopback", "127.0.0.1:1000", "", http.StatusOK},
		{"loopback, six", "[::1]:1000", "", http.StatusOK},
		{"another machine", "192.0.2.7:1000", "", http.StatusNotFound},
		{"through a proxy on this machine", "127.0.0.1:1000", "192.0.2.7", http.StatusNotFound},
		{"nobody", "", "", http.StatusNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/debug/pprof/cmdline", nil)
			r.RemoteAddr = tt.from
			if tt.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tt.forwarded)
			}
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("answered %d, want %d", w.Code, tt.want)
			}
		})
	}
}
