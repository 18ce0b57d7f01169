//go:build unix

package queue

import "syscall"

// diskFree returns the bytes free for us and in all on the disk that holds dir.
func diskFree(dir string) (free, total int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil //nolint:gosec,unconvert // sizes of a disk; their types differ by system
}
