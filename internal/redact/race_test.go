//go:build race

package redact

const raced = true // the detector empties sync.Pool at random
