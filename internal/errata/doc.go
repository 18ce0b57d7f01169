// Package errata holds the words of the product: events, issues, people, keys
// and the rules that bind them. It imports nothing but the standard library.
package errata

import "time"

// Clock tells the time. Services and workers receive it from app; nothing else
// asks the machine, so that tests and the demonstration can step it.
type Clock func() time.Time

// Micros returns t as microseconds since 1970 UTC, the unit of every stored time.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros returns the UTC time of us microseconds since 1970.
func FromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
