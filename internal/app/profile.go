package app

import (
	"net"
	"net/http"
	"net/http/pprof"
)

// profiles serves /debug/pprof to programs on this machine, for developers.
func profiles(mux *http.ServeMux) {
	for path, h := range map[string]http.HandlerFunc{
		"": pprof.Index, "profile": pprof.Profile, "trace": pprof.Trace, "symbol": pprof.Symbol,
		"cmdline": pprof.Cmdline,
	} {
		mux.HandleFunc("GET /debug/pprof/"+path, onlyLocal(h))
	}
}

func onlyLocal(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
			http.NotFound(w, r)
			return
		}
		next(w, r)
	}
}
