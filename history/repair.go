package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"pbirefresh/audit"
	"pbirefresh/lease"
)

// repairDays is how many days back the index is compared with the audit records. The
// default lifecycle rule keeps the index a little longer.
const repairDays = 31

// Repair compares the days that have ended, and were not compared yet, with the audit
// records, and writes what the index lacks. Several processes may do so at once.
func (x *Index) Repair(ctx context.Context, records audit.Reader, now time.Time) error {
	done, err := x.repaired(ctx)
	if err != nil {
		return err
	}
	today := now.UTC().Truncate(24 * time.Hour)
	for back := 1; back <= repairDays; back++ {
		day := today.Add(-time.Duration(back) * 24 * time.Hour)
		if done[dayName(day)] {
			continue
		}
		if err := x.repairDay(ctx, records, day); err != nil {
			return fmt.Errorf("history: the index of %s: %w", day.Format(time.DateOnly), err)
		}
		if err := x.create(ctx, dayName(day), []byte("{}"), nil); err != nil {
			return err
		}
	}
	return nil
}

func dayName(day time.Time) string { return daysPrefix + day.UTC().Format(time.DateOnly) + suffix }

// repaired returns the names of the days that were compared.
func (x *Index) repaired(ctx context.Context) (map[string]bool, error) {
	done := map[string]bool{}
	for cursor := ""; ; {
		page, err := x.store.List(ctx, daysPrefix, cursor, fullPage)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			done[e.Name] = true
		}
		if cursor = page.Next; cursor == "" {
			return done, nil
		}
	}
}

// recorded are the records of a day, by operation.
type recorded struct {
	asked map[string][]audit.Record
	ended []audit.Record
}

func readDay(ctx context.Context, records audit.Reader, day time.Time) (recorded, error) {
	found := recorded{asked: map[string][]audit.Record{}}
	for r, err := range audit.Read(ctx, records, audit.Query{From: day, To: day.Add(24 * time.Hour)}) {
		switch {
		case errors.Is(err, audit.ErrUnreadable): // it says nothing of the others
		case err != nil:
			return found, err
		case r.Event == audit.Asked:
			found.asked[r.ID] = append(found.asked[r.ID], r)
		case r.Event == audit.Ended && r.End != nil:
			found.ended = append(found.ended, r)
		}
	}
	found.date()
	return found, nil
}

// date gives asks of older versions, which have no time of creation, that of the end.
func (d recorded) date() {
	for _, r := range d.ended {
		for i := range d.asked[r.ID] {
			if a := &d.asked[r.ID][i]; a.Created.IsZero() {
				a.Created = stamp(r.End.Created)
			}
		}
	}
}

// repairDay adds what the records of a day have and the index has not. An operation that
// was asked for on one day and ended on the next is in the records of both.
func (x *Index) repairDay(ctx context.Context, records audit.Reader, day time.Time) error {
	found, err := readDay(ctx, records, day)
	if err != nil {
		return err
	}
	present, err := x.present(ctx, day.Add(-24*time.Hour), day)
	if err != nil {
		return err
	}
	for _, r := range found.ended {
		if !present[key(stamp(r.End.Created), r.ID)+"/"+endedPart] {
			if err := x.Ended(ctx, r); err != nil {
				return err
			}
		}
	}
	for id, group := range found.asked {
		if !present[key(group[0].Created, id)+"/"+askedPart] {
			if err := x.Asked(ctx, group); err != nil {
				return err
			}
		}
	}
	return nil
}

// present returns which operations of some days are in the index: their keys, with what of
// them is there.
func (x *Index) present(ctx context.Context, days ...time.Time) (map[string]bool, error) {
	present := map[string]bool{}
	for _, day := range days {
		var page lease.Page
		for first := true; first || page.Next != ""; first = false {
			var err error
			if page, err = x.store.List(ctx, timePrefix+digits(day)+"/", page.Next, fullPage); err != nil {
				return nil, err
			}
			for _, e := range page.Entries {
				k, what, ok := splitName(strings.TrimPrefix(e.Name, timePrefix))
				if strings.HasPrefix(what, askedPart) {
					what = askedPart
				}
				present[k+"/"+what] = ok
			}
		}
	}
	return present, nil
}
