// Package telemetry sets up how the program tells what it does: logs and metrics.
package telemetry

import (
	"io"
	"log/slog"
	"os"

	"gopkg.in/natefinch/lumberjack.v2"
)

// LogOptions say where logs go and in which form.
type LogOptions struct {
	Level   string   // debug, info, warn, error
	Format  string   // text, json; anything else: text on a terminal, else JSON
	File    string   // "" = Stderr
	MaxSize int64    // bytes; the file is set aside and begun anew when it grows past this
	Keep    int      // files set aside that are kept
	Stderr  *os.File // nil: that of the process
}

// NewLogger returns the logger of the program, and what closes its file.
func NewLogger(o LogOptions) (*slog.Logger, io.Closer) {
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	var out io.Writer = o.Stderr
	var end io.Closer = io.NopCloser(nil)
	if o.File != "" {
		file := &lumberjack.Logger{Filename: o.File, MaxSize: int(max(o.MaxSize>>20, 1)), MaxBackups: o.Keep}
		out, end = file, file
	}
	text := o.Format == "text" || o.Format != "json" && o.File == "" && terminal(o.Stderr)
	return slog.New(newHandler(out, level(o.Level), text)), end
}

func newHandler(w io.Writer, at slog.Level, text bool) slog.Handler {
	options := &slog.HandlerOptions{Level: at}
	if text {
		return slog.NewTextHandler(w, options)
	}
	return slog.NewJSONHandler(w, options)
}

func level(word string) slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(word)) != nil {
		return slog.LevelInfo
	}
	return l
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
