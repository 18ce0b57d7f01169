package errata

import (
	"strconv"
	"strings"
)

// Level is how a program rated its own event.
type Level string

// The five levels, most urgent first.
const (
	LevelFatal   Level = "fatal"
	LevelError   Level = "error"
	LevelWarning Level = "warning"
	LevelInfo    Level = "info"
	LevelDebug   Level = "debug"
)

// Levels lists the levels, most urgent first.
var Levels = []Level{LevelFatal, LevelError, LevelWarning, LevelInfo, LevelDebug}

var levelWords = map[string]Level{
	"fatal": LevelFatal, "emerg": LevelFatal, "emergency": LevelFatal, "alert": LevelFatal, "crit": LevelFatal,
	"critical": LevelFatal, "panic": LevelFatal,
	"error": LevelError, "err": LevelError, "severe": LevelError,
	"warning": LevelWarning, "warn": LevelWarning,
	"info": LevelInfo, "notice": LevelInfo, "log": LevelInfo, "information": LevelInfo, "sample": LevelInfo,
	"debug": LevelDebug, "verbose": LevelDebug, "trace": LevelDebug,
}

// ParseLevel reads a level word without regard to case, or a number of the
// 10-to-50 scale of logging libraries (60 is fatal too).
func ParseLevel(s string) (Level, bool) {
	if l, ok := levelWords[strings.ToLower(strings.TrimSpace(s))]; ok {
		return l, true
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 || n > 60 {
		return LevelError, false
	}
	return [...]Level{LevelDebug, LevelDebug, LevelInfo, LevelWarning, LevelError, LevelFatal, LevelFatal}[n/10], true
}

// Severity is how urgent something is for people: 0 is P0 Critical, 3 is P3 Low.
type Severity int8

// The four severities.
const (
	P0 Severity = iota
	P1
	P2
	P3
)

// Severities lists the severities, most urgent first.
var Severities = []Severity{P0, P1, P2, P3}

// String returns P0 … P3.
func (s Severity) String() string { return "P" + strconv.Itoa(int(s)) }

// Word returns Critical, High, Medium or Low.
func (s Severity) Word() string { return [...]string{"Critical", "High", "Medium", "Low"}[s&3] }

// ParseSeverity reads P0 … P3 or critical, high, medium, low, without case.
func ParseSeverity(s string) (Severity, bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "p0", "critical":
		return P0, true
	case "p1", "high":
		return P1, true
	case "p2", "medium":
		return P2, true
	case "p3", "low":
		return P3, true
	}
	return P3, false
}
