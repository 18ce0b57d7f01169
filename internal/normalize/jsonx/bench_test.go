package jsonx_test

import (
	"os"
	"testing"

	"errata/internal/normalize/jsonx"
)

func BenchmarkParse(b *testing.B) {
	raw, err := os.ReadFile("../testdata/python-django.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		d, err := jsonx.Parse(raw, jsonx.Limits{Depth: 128, Keys: 100_000, PerObject: 2000, PerList: 10_000})
		if err != nil {
			b.Fatal(err)
		}
		d.Release()
	}
}
