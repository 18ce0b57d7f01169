package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// safe checks what every answer carries.
func safe(t *testing.T, h http.Header, https bool) {
	t.Helper()
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "same-origin",
	}
	if https {
		want["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
	}
	for name, value := range want {
		if got := h.Get(name); got != value {
			t.Errorf("%s: %q", name, got)
		}
	}
	if kind := h.Get("Content-Type"); strings.HasPrefix(kind, "text/") && !strings.Contains(strings.ToLower(kind), "charset=utf-8") {
		t.Errorf("Content-Type %q names no charset", kind)
	}
	if len(h.Get("X-Request-Id")) != 36 {
		t.Errorf("X-Request-Id %q", h.Get("X-Request-Id"))
	}
}
