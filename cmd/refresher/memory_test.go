package main

import (
	"io/fs"
	"math"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

func TestCgroupMemory(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no cgroup":           {nil, 0},
		"version 2":           {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2147483648\n"}, 2 << 30},
		"version 2, max":      {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		"version 2, nested":   {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "1000000", "sys/fs/cgroup/a/b/memory.max": "max", "sys/fs/cgroup/memory.max": "3000000"}, 1000000},
		"version 2, host's":   {map[string]string{"proc/self/cgroup": "0::/../docker/x\n", "sys/fs/cgroup/memory.max": "1000000"}, 1000000},
		"version 1":           {map[string]string{"proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/docker/x\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n"}, 1 << 30},
		"version 1, none":     {map[string]string{"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
		"both":                {map[string]string{"proc/self/cgroup": "1:name=systemd:/a\n4:hugetlb,memory:/a\n0::/a\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "5000000"}, 5000000},
		"another controller":  {map[string]string{"proc/self/cgroup": "4:cpu:/\n", "sys/fs/cgroup/memory.max": "5"}, 0},
		"what cannot be read": {map[string]string{"proc/self/cgroup": "0\n::\n", "sys/fs/cgroup/memory.max": "many"}, 0},
	} {
		if got := cgroupMemory(tree(tc.files)); got != tc.want {
			t.Errorf("%s: got %d, want %d", name, got, tc.want)
		}
	}
}

func tree(files map[string]string) fs.FS {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

// (Not parallel: it changes the limit of the process.)
func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	two := tree(map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2147483648\n"})
	for _, tc := range []struct {
		name    string
		root    fs.FS
		setting int64
		want    int64
	}{
		{"nothing known", tree(nil), 0, 0},
		{"the cgroup", two, 0, 1 << 30},
		{"the cgroup, not the setting", two, 512 << 20, 1 << 30},
		{"the setting", tree(nil), 512 << 20, 256 << 20},
	} {
		debug.SetMemoryLimit(math.MaxInt64)
		got, set := limitMemory(tc.root, tc.setting), debug.SetMemoryLimit(-1)
		if got != tc.want || tc.want > 0 && set != tc.want || tc.want == 0 && set != math.MaxInt64 {
			t.Errorf("%s: got %d and a limit of %d, want %d", tc.name, got, set, tc.want)
		}
	}
	debug.SetMemoryLimit(1 << 40) // as GOMEMLIMIT does
	if got := limitMemory(two, 0); got != 0 || debug.SetMemoryLimit(-1) != 1<<40 {
		t.Errorf("the operator's own limit has become %d", debug.SetMemoryLimit(-1))
	}
}
