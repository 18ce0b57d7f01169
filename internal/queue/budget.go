package queue

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The budget is at most 8 GiB and at most a fifth of what the disk has free.
const (
	maxBudget = 8 << 30
	minBudget = 64 << 20
)

// budget returns the bytes that both streams may hold together. It is computed
// once, at first start, and kept beside the queue, because it belongs to this
// disk: recomputing it on a fuller disk would shrink a stream below what it holds.
func budget(dataDir string, asked int64) (int64, error) {
	if asked > 0 {
		return asked, nil
	}
	file := filepath.Join(dataDir, "queue.budget")
	text, err := os.ReadFile(file)
	if err == nil {
		n, perr := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if perr != nil || n < 1 {
			return 0, fmt.Errorf("%s does not hold a number of bytes", file)
		}
		return n, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	free, _, err := diskFree(dataDir)
	if err != nil {
		return 0, err
	}
	n := max(min(int64(maxBudget), free/5), minBudget)
	return n, os.WriteFile(file, []byte(strconv.FormatInt(n, 10)+"\n"), 0o600)
}

// The disk counts as full below 5 % of free space, but not above 5 GiB, nor
// below 1 GiB: a twentieth of a large disk is room for months.
const (
	minFree = 1 << 30
	maxFree = 5 << 30
)

// DiskFree returns the bytes free and in all on the disk that holds dir, zeros
// when it cannot be asked.
func DiskFree(dir string) (free, total int64) {
	free, total, err := diskFree(dir)
	if err != nil {
		return 0, 0
	}
	return free, total
}

// DiskFull says whether the disk that holds dir has too little room to accept
// more. An error counts as room: a disk that cannot be asked is not a full one.
func DiskFull(dir string) bool {
	free, total, err := diskFree(dir)
	return err == nil && full(free, total)
}

func full(free, total int64) bool { return free < max(minFree, min(maxFree, total/20)) }
