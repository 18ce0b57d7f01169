package loadtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticksPerSecond is USER_HZ, which Linux has fixed at 100 for all that read /proc.
const ticksPerSecond = 100

// usage is what a process has taken so far. On systems without /proc it is zero.
type usage struct {
	cpu       time.Duration
	rss, peak int64 // bytes
}

func (s *Server) usage() usage {
	pid := s.process.Process.Pid
	u := usage{cpu: processorTime(pid)}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(f[1], 10, 64) // lines of other kinds
		switch f[0] {
		case "VmRSS:":
			u.rss = n << 10
		case "VmHWM:":
			u.peak = n << 10
		}
	}
	return u
}

// processorTime is the time in user and kernel mode of all threads.
func processorTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold spaces
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)   // the kernel writes numbers
	system, _ := strconv.ParseInt(f[12], 10, 64) // the same
	return time.Duration(user+system) * time.Second / ticksPerSecond
}

// ownTime is the processor time of this process.
func ownTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
