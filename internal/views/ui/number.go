package ui

import (
	"math"
	"strconv"
	"strings"
)

// Num writes a count: exact to 9,999, then "12.4k", "1.2M", "3.4G".
func Num(n int64) string {
	if n < 0 {
		return "-" + Num(-n)
	}
	if n < 10_000 {
		return Exact(n)
	}
	v, unit := float64(n), ""
	for _, u := range []string{"k", "M", "G", "T"} {
		v, unit = v/1000, u
		if v < 999.5 {
			break
		}
	}
	return trimZero(v) + unit
}

// trimZero writes three significant digits, without ".0".
func trimZero(v float64) string {
	if v >= 99.95 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// Exact writes every digit, in groups of three: "18,911".
func Exact(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Count writes a number with its noun: "1 event", "18.9k events".
func Count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Num(n) + " " + many
}

// Percent writes part of whole: "42%", "<0.1%", "n/a" of nothing.
func Percent(part, whole int64) string {
	if whole <= 0 {
		return "n/a"
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part > 0 && p < 0.1:
		return "<0.1%"
	case p < 10 && p != math.Trunc(p):
		return strconv.FormatFloat(p, 'f', 1, 64) + "%"
	}
	return strconv.FormatFloat(math.Round(p), 'f', 0, 64) + "%"
}

// Bytes writes a size: "812 B", "4.1 KB", "2.3 GB".
func Bytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, unit := float64(n), ""
	for _, u := range []string{"KB", "MB", "GB", "TB"} {
		v, unit = v/1024, u
		if v < 1023.5 {
			break
		}
	}
	return trimZero(v) + " " + unit
}
