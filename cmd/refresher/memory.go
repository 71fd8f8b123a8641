package main

import (
	"io/fs"
	"math"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// share of the memory that this process may use before the garbage collector works harder:
// the Functions host and its other workers live within the same limit.
const share = 2

// limitMemory sets the limit of the garbage collector, unless GOMEMLIMIT has done so: half of
// what the cgroup allows, else half of what the setting says the instance has. It returns
// the limit in bytes; 0 if neither is known.
func limitMemory(root fs.FS, setting int64) int64 {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return 0
	}
	limit := cgroupMemory(root)
	if limit == 0 {
		limit = setting
	}
	if limit > 0 {
		debug.SetMemoryLimit(limit / share)
	}
	return limit / share
}

// memory is what the instance has, in bytes; 0 if the setting says nothing.
func (r *reader) memory() int64 {
	v := r.get("MEMORY_MB")
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 128 || n > 1<<20 {
		r.problem("MEMORY_MB is wrong: it must be the memory of an instance in MB, a whole number from 128 to 1048576")
		return 0
	}
	return n << 20
}

// cgroupMemory is the least limit of the cgroups that this process is in, and of those around
// them; 0 if there is none. Version 2 has one tree (memory.max), version 1 one for memory
// (memory.limit_in_bytes, where a huge number means none): documented, the kernel's
// admin-guide. In a container the path may be the host's, while the root is the container's
// own: the path is looked at from its end to its beginning.
func cgroupMemory(root fs.FS) int64 {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0 // Windows, macOS
	}
	least := int64(0)
	for line := range strings.Lines(string(groups)) {
		number, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		folder, file := "sys/fs/cgroup", "memory.max"
		switch {
		case strings.Contains(","+controllers+",", ",memory,"):
			folder, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case number != "0" || controllers != "":
			continue
		}
		for at := path.Clean("/" + group); ; at = path.Dir(at) {
			if n := bytesIn(root, path.Join(folder, at, file)); n > 0 && (least == 0 || n < least) {
				least = n
			}
			if at == "/" {
				break
			}
		}
	}
	return least
}

// unlimited is more than any machine has: version 1 writes the largest number of pages.
const unlimited = 1 << 50

func bytesIn(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n >= unlimited {
		return 0 // "max"
	}
	return n
}
