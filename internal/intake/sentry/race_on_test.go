//go:build race

package sentry_test

// The race detector multiplies memory, so growth is not judged under it.
const raceDetector = true
