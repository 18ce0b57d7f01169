//go:build !unix

package app

// lockFile does nothing here: the event engine holds a lock of its own.
func lockFile(string) (release func() error, err error) { return func() error { return nil }, nil }
