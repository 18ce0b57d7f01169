package telemetry

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLogger(t *testing.T) {
	tests := []struct {
		name, level, format string
		want                string
	}{
		{"json into a file by default", "info", "auto", `"msg":"seen"`},
		{"text when asked", "info", "text", "msg=seen"},
		{"below the level", "error", "json", ""},
		{"debug", "debug", "json", `"msg":"fine"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "errata.log")
			log, end := NewLogger(LogOptions{Level: tt.level, Format: tt.format, File: path, MaxSize: 1 << 20, Keep: 1, Stderr: os.Stderr})
			log.Debug("fine")
			log.Info("seen")
			if err := end.Close(); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil && tt.want != "" {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), tt.want) || tt.want == "" && len(text) > 0 {
				t.Errorf("log is %q", text)
			}
		})
	}
}

func TestFileRotates(t *testing.T) {
	dir := t.TempDir()
	log, end := NewLogger(LogOptions{Level: "info", Format: "json", File: filepath.Join(dir, "errata.log"), MaxSize: 1 << 20, Keep: 1})
	defer end.Close()
	for range 3 {
		log.Info("long", slog.String("filler", strings.Repeat("x", 700<<10)))
	}
	files, err := filepath.Glob(filepath.Join(dir, "errata*.log"))
	if err != nil || len(files) < 2 {
		t.Error(files, err)
	}
}

func TestMetrics(t *testing.T) {
	w := httptest.NewRecorder()
	Handler(NewRegistry()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, name := range []string{"process_cpu_seconds_total", "go_goroutines", "go_build_info"} {
		if !strings.Contains(w.Body.String(), "\n"+name) {
			t.Errorf("%s is missing", name)
		}
	}
}
