package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
)

const dots = "••••••"

// maxSecret bounds a secret's file.
const maxSecret = 64 << 10

// Secret is a value that nothing prints: it shows as dots in text, JSON and
// logs. Read it by Reveal. "file:PATH" stands for what the file holds, without
// the line break at its end.
type Secret string

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// String returns dots, or "" when there is no value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return dots
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the value from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// UnmarshalText takes the value, or reads the file that it names.
func (s *Secret) UnmarshalText(text []byte) error {
	path, isFile := strings.CutPrefix(string(text), "file:")
	if !isFile {
		*s = Secret(text)
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("the secret's file cannot be read: %w", err)
	}
	if info.IsDir() || info.Size() > maxSecret {
		return fmt.Errorf("the secret's file %s is a folder or larger than 64 KiB", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the secret's file cannot be read: %w", err)
	}
	*s = Secret(strings.TrimRight(string(b), "\r\n"))
	if *s == "" {
		return fmt.Errorf("the secret's file %s is empty", path)
	}
	return nil
}

// Size is a number of bytes, written 512, 64KiB, 20MiB or 8GiB.
type Size int64

var units = []struct {
	name  string
	shift uint
}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}}

// String returns the size in the largest unit that keeps it whole.
func (s Size) String() string {
	for _, u := range units[:3] {
		if s != 0 && s%(1<<u.shift) == 0 {
			return strconv.FormatInt(int64(s>>u.shift), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

var errSize = errors.New("a size is written 512, 64KiB, 20MiB or 8GiB")

// UnmarshalText reads what String writes.
func (s *Size) UnmarshalText(text []byte) error {
	number, shift := strings.TrimSpace(string(text)), uint(0)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, shift = rest, u.shift
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 0 || n > (1<<62)>>shift {
		return errSize
	}
	*s = Size(n << shift)
	return nil
}
