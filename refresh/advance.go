package refresh

import (
	"context"
	"errors"
	"time"

	"pbirefresh/refresh/machine"
)

// Advance takes the model's next step if it is due. Status requests, triggers and the sweep
// do so; it is safe to call at any time and from any process.
func (c *Coordinator) Advance(ctx context.Context, m machine.Model) error {
	job := newJob(time.Now().Add(callerWait), nil)
	job.patient = false
	_, err := c.do(ctx, m, job)
	if errors.Is(err, errContended) {
		return nil // the holder of the lease takes the step
	}
	return err
}

// do hands a job to the model's queue and waits for its answer. A job whose time is
// over while it waits for its turn is taken back; one that a section has taken is
// answered by it.
func (c *Coordinator) do(ctx context.Context, m machine.Model, j *job) (answer, error) {
	q := c.queue(m)
	q.submit(j)
	over := time.NewTimer(time.Until(j.until))
	defer over.Stop()
	for {
		select {
		case a := <-j.done:
			return a, a.err
		case <-over.C:
			if q.withdraw(j) {
				return answer{}, q.contended()
			}
		case <-ctx.Done():
			return answer{}, unavailable(ctx.Err())
		}
	}
}
