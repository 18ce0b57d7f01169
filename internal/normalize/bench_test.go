package normalize_test

import (
	"os"
	"testing"
	"time"

	"errata/internal/errata"
	"errata/internal/normalize"
)

func payload(tb testing.TB, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

var received = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func input() normalize.Input {
	return normalize.Input{
		Project: errata.Project{ID: "42"}, KeyKind: errata.KeyPublic, Received: received,
		FreshID: "00000000000000000000000000000f00", ClientIP: "203.0.113.9",
	}
}

// The whole pure path but redaction, on one Django event of 4.2 KB.

func BenchmarkSentry(b *testing.B) {
	raw := payload(b, "python-django.json")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := normalize.Sentry(raw, input()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUserTermsAndDerive(b *testing.B) {
	ev, err := normalize.Sentry(payload(b, "python-django.json"), input())
	if err != nil {
		b.Fatal(err)
	}
	secret := []byte("0123456789abcdef0123456789abcdef")
	b.ReportAllocs()
	for b.Loop() {
		normalize.UserTerms(ev, secret, "")
		normalize.Derive(ev, errata.Project{}, errata.KeyPublic)
	}
}

func BenchmarkEncode(b *testing.B) {
	ev, err := normalize.Sentry(payload(b, "python-django.json"), input())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := normalize.Encode(ev); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	ev, err := normalize.Sentry(payload(b, "python-django.json"), input())
	if err != nil {
		b.Fatal(err)
	}
	raw, err := normalize.Encode(ev)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := normalize.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
