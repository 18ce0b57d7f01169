//go:build race

package app_test

// The race detector multiplies the time of a long test.
const raceDetector = true
