package machine

import (
	"fmt"
	"testing"
	"time"
)

// benchTime is the storage service's clock in the benchmarks.
var benchTime = time.Unix(1780000000, 0).UTC()

// benchState is a model with so many operations that wait, one that runs and so many that
// have ended.
func benchState(b *testing.B, waiting, ended int) State {
	b.Helper()
	r, s := DefaultRules(), NewState(testModel, "0123456789abcdef")
	feed := func(e Event) { s, _ = r.Next(s, e) }
	for i := range ended + 1 {
		feed(Arrive{At: At(benchTime), Nonce: fmt.Sprintf("%032d", i), Ask: wholeModel()})
		txn := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		feed(Tick{At: At(benchTime), Txn: txn})
		id := fmt.Sprintf("11111111-0000-4000-8000-%012d", i)
		feed(Answered{At: At(benchTime), Txn: txn, Answer: Answer{Kind: Accepted, RefreshID: id, Sent: Enhanced}})
		if i == ended {
			break
		}
		row := Row{ID: id, Type: "ViaEnhancedApi", Start: benchTime, End: benchTime.Add(time.Minute), State: RowCompleted}
		for j := range 10 {
			row.Objects = append(row.Objects, Progress{Table: fmt.Sprintf("Table %d", j), Partition: "2026", Status: "Completed"})
		}
		feed(Observed{At: At(benchTime.Add(time.Minute)), SentAt: benchTime.Add(time.Minute), Txn: txn, Detail: true, Rows: []Row{row}, Fuzz: time.Second})
	}
	for i := range waiting {
		ask := wholeModel()
		ask.Shape = Shape{Kind: Enhanced, Type: "Full", CommitMode: "Transactional", Objects: []Object{{Table: fmt.Sprintf("Table %d", i), Partition: "P"}}}
		feed(Arrive{At: At(benchTime), Nonce: fmt.Sprintf("%032d", i), Ask: ask})
	}
	if len(s.Pending) != waiting+1 || len(s.Recent) != ended {
		b.Fatalf("got %d pending and %d recent, want %d and %d", len(s.Pending), len(s.Recent), waiting+1, ended)
	}
	return decoded(b, s)
}

func decoded(b *testing.B, s State) State {
	b.Helper()
	doc, err := s.Encode()
	if err == nil {
		s, err = Decode(doc)
	}
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// each runs f for a model without history, one with, and one whose queue is full.
func each(b *testing.B, f func(b *testing.B, s State)) {
	b.Helper()
	for name, size := range map[string][2]int{"new": {0, 0}, "history": {0, KeepRecent}, "full": {MaxPending - 4, KeepRecent}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			f(b, benchState(b, size[0], size[1]))
		})
	}
}

// BenchmarkPoll is what a status request costs the machine: the document is decoded and
// shown.
func BenchmarkPoll(b *testing.B) {
	each(b, func(b *testing.B, s State) {
		b.Helper()
		doc, _ := s.Encode()
		b.ReportMetric(float64(len(doc)), "document-bytes")
		for b.Loop() {
			s, err := Decode(doc)
			if err != nil {
				b.Fatal(err)
			}
			s.Due()
			s.View(s.Pending[0], "", benchTime)
		}
	})
}

// BenchmarkView shows an operation of a document that is decoded already.
func BenchmarkView(b *testing.B) {
	each(b, func(b *testing.B, s State) {
		b.Helper()
		for b.Loop() {
			s.View(s.Pending[0], "", benchTime)
		}
	})
}

// BenchmarkNext decides one step.
func BenchmarkNext(b *testing.B) {
	each(b, func(b *testing.B, s State) {
		b.Helper()
		for b.Loop() {
			DefaultRules().Next(s, Tick{At: At(benchTime.Add(time.Hour)), Txn: "t"})
		}
	})
}

func BenchmarkSame(b *testing.B) {
	each(b, func(b *testing.B, s State) {
		b.Helper()
		next, _ := DefaultRules().Next(s, Tick{At: At(benchTime), Txn: "t"})
		for b.Loop() {
			if !next.Same(s) {
				b.Fatal("not the same")
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	each(b, func(b *testing.B, s State) {
		b.Helper()
		for b.Loop() {
			if _, err := s.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	each(b, func(b *testing.B, s State) {
		b.Helper()
		doc, _ := s.Encode()
		for b.Loop() {
			if _, err := Decode(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}
