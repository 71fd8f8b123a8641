package leasetest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pbirefresh/lease"
)

var valueChecks = []check{
	{"values/bodies come back as they were", valueBodies},
	{"values/names come back as they were", valueNames},
	{"values/metadata comes back as it was", valueMeta},
	{"values/names that a service would alter are refused", valueBadNames},
	{"values/metadata that a service would alter is refused", valueBadMeta},
}

func valueBodies(t testing.TB, s *subject) {
	base := s.mustCreate(t, "")
	wantSame(t, s.mustRead(t, doc), nil, lease.Meta{"due": "never"})
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	id := s.mustAcquire(t)
	for _, body := range [][]byte{{0}, all, bytes.Repeat([]byte(`{"k":"v"},`), 6554)[:64<<10], nil, []byte("ende €\n")} {
		version, err := s.Write(ctx(t), doc, id, base, body, nil)
		mustDo(t, "Write", err)
		wantSame(t, s.mustRead(t, doc), body, nil)
		base = version
	}
}

func valueNames(t testing.TB, s *subject) {
	all := []string{
		doc,
		"models/grün & größer/Ω 100%?#[x]+y=z.json",
		"models/日本語/モデル.json",
		"models/%2F/percent%20.json",
		"a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p",
		"x",
		".keys/'quoted' \"names\" <and> tags; =ok",
		strings.Repeat("n", 200) + "/" + strings.Repeat("m", 200),
	}
	for _, name := range all {
		_, err := s.Create(ctx(t), name, []byte(name), nil)
		mustDo(t, "Create "+name, err)
		_, err = s.Acquire(ctx(t), name, lease.NewID(), ttl)
		mustDo(t, "Acquire "+name, err)
		wantSame(t, s.mustRead(t, name), []byte(name), nil)
	}
	got := names(s.mustList(t, "", 3))
	slices.Sort(all)
	if !slices.Equal(got, all) {
		t.Fatalf("List: %q, want %q", got, all)
	}
}

func valueMeta(t testing.TB, s *subject) {
	meta := lease.Meta{
		"due": "2026-08-01T06:00:00.123456789Z", "a": "1", "_x9": "-", "long_key_with_many_parts": strings.Repeat("v", 1000),
		"punctuation": `!"#$%&'()*+,-./:;<=>?@[\]^_{|}~`, "inner": "a  b",
	}
	_, err := s.Create(ctx(t), doc, []byte("one"), meta)
	mustDo(t, "Create", err)
	wantSame(t, s.mustRead(t, doc), []byte("one"), meta)
	listed := s.mustList(t, doc, 1)
	if len(listed) != 1 {
		t.Fatalf("List: %d entries, want 1", len(listed))
	}
	wantSame(t, lease.Document{Meta: listed[0].Meta}, nil, meta)
}

func valueBadNames(t testing.TB, s *subject) {
	for _, name := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a.", "a./b", `a\b`, "a\nb", "a\x00", "a\x7f",
		"a\xff", strings.Repeat("n", 1025),
	} {
		_, err := s.Create(ctx(t), name, nil, nil)
		wantRefused(t, "Create "+name, err)
		_, err = s.Read(ctx(t), name)
		wantRefused(t, "Read "+name, err)
		_, err = s.Acquire(ctx(t), name, lease.NewID(), ttl)
		wantRefused(t, "Acquire "+name, err)
		_, err = s.Write(ctx(t), name, lease.NewID(), "x", nil, nil)
		wantRefused(t, "Write "+name, err)
		wantRefused(t, "Release "+name, s.Release(ctx(t), name, lease.NewID()))
	}
}

func valueBadMeta(t testing.TB, s *subject) {
	base := s.mustCreate(t, "one")
	id := s.mustAcquire(t)
	for _, meta := range []lease.Meta{
		{"Due": "x"}, {"due-at": "x"}, {"": "x"}, {"9": "x"}, {"dué": "x"}, {"a b": "x"},
		{"due": ""}, {"due": " x"}, {"due": "x "}, {"due": "x\ny"}, {"due": "größe"}, {"due": "a\tb"},
	} {
		_, err := s.Create(ctx(t), doc+"2", nil, meta)
		wantRefused(t, "Create", err)
		_, err = s.Write(ctx(t), doc, id, base, nil, meta)
		wantRefused(t, "Write", err)
	}
	s.wantDoc(t, "one", base)
}
