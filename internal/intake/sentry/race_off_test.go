//go:build !race

package sentry_test

const raceDetector = false
