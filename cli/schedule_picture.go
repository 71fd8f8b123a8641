package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"pbirefresh/schedule"
)

// printSlots prints the entries with their next slots, in the time zone of each.
func printSlots(w io.Writer, f *schedule.File, from time.Time) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SCHEDULE\tMODELS\tTIMING\tNEXT SLOTS")
	for i := range f.Entries {
		e := &f.Entries[i]
		var next []string
		for _, slot := range e.Next(from, 3) {
			next = append(next, slotText(slot, from))
		}
		slots := strings.Join(next, ", ")
		switch {
		case !e.Enabled:
			slots = "disabled"
		case slots == "":
			slots = "none"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", e.Name, len(e.Requests), e.When(), slots)
	}
	_ = t.Flush() // an error means that the terminal is gone
}

// slotText leaves out the year as long as it is the present one.
func slotText(slot, now time.Time) string {
	if slot.Year() != now.Year() {
		return slot.Format("Mon 2 Jan 2006 15:04 MST")
	}
	return slot.Format("Mon 2 Jan 15:04 MST")
}

// shades of an hour: the first whose number is reached, from the right.
var shades = []struct {
	mark  string
	least int
}{{" ", 0}, {".", 1}, {":", 2}, {"+", 4}, {"#", 8}, {"@", 16}}

func shade(n int) string {
	for i := len(shades) - 1; i > 0; i-- {
		if n >= shades[i].least {
			return shades[i].mark
		}
	}
	return " "
}

// printWeek draws how many refreshes are started in each hour of a week: a line a day, in
// the time zone of from. An hour that comes twice has both.
func printWeek(w io.Writer, planned []schedule.Planned, from time.Time) {
	hours := map[string]int{}
	for _, p := range planned {
		hours[p.At.In(from.Location()).Format("2006-01-02 15")]++
	}
	fmt.Fprintf(w, "\n%d starts in a week, by the hour (%s)\n", len(planned), from.Location())
	fmt.Fprintln(w, "            0  .  .  3  .  .  6  .  .  9  .  . 12  .  . 15  .  . 18  .  . 21  .  .")
	days := 7
	if from.Hour() != 0 || from.Minute() != 0 {
		days++ // the rest of the first day comes last
	}
	for day := range days {
		date := time.Date(from.Year(), from.Month(), from.Day()+day, 12, 0, 0, 0, from.Location())
		fmt.Fprintf(w, "%s ", date.Format("Mon 02 Jan"))
		for hour := range 24 {
			mark := shade(hours[date.Format("2006-01-02 ")+fmt.Sprintf("%02d", hour)])
			fmt.Fprint(w, " "+strings.Repeat(mark, 2))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "           .. 1   :: 2-3   ++ 4-7   ## 8-15   @@ 16 or more")
}
