package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAsk(t *testing.T) {
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	if err := ask(t.Context(), s.URL); err != nil {
		t.Error(err)
	}
	status = http.StatusServiceUnavailable
	if ask(t.Context(), s.URL) == nil {
		t.Error("503 was taken for healthy")
	}
	s.Close()
	if ask(t.Context(), s.URL) == nil {
		t.Error("no answer was taken for healthy")
	}
}
