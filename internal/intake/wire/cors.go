package wire

import (
	"net/http"
	"net/url"
	"strings"
)

// CORS lets pages of every origin read the answer. Cookies never count here, so
// a star gives nothing away.
func CORS(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "x-sentry-error, x-sentry-rate-limits, retry-after")
}

// Preflight answers a browser that asks before it posts.
func Preflight(w http.ResponseWriter) {
	h := w.Header()
	CORS(h)
	h.Set("Access-Control-Allow-Methods", "POST")
	h.Set("Access-Control-Allow-Headers",
		"x-sentry-auth, authorization, content-type, content-encoding, sentry-trace, baggage, x-requested-with")
	h.Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
}

// FromOrigin says whether a request comes from one of these hosts ("*.example.test"
// covers every host below): its Origin, else its Referer. No hosts means any.
func FromOrigin(r *http.Request, hosts []string) bool {
	if len(hosts) == 0 {
		return true
	}
	from := r.Header.Get("Origin")
	if from == "" || from == "null" {
		from = r.Header.Get("Referer")
	}
	u, err := url.Parse(from)
	if err != nil || u.Host == "" {
		return false
	}
	for _, host := range hosts {
		if matches(strings.ToLower(u.Hostname()), strings.ToLower(u.Host), strings.ToLower(host)) {
			return true
		}
	}
	return false
}

func matches(hostname, hostport, pattern string) bool {
	if below, ok := strings.CutPrefix(pattern, "*."); ok {
		return strings.HasSuffix(hostname, "."+below)
	}
	return pattern == "*" || pattern == hostname || pattern == hostport
}
