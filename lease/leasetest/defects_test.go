package leasetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"pbirefresh/lease"
)

type (
	ctxt = context.Context
	mem  = *lease.Memory
)

// defects are mistakes that an implementation could make, and the sentences of
// the contract that they break.
var defects = []struct {
	name   string
	store  broken
	caught []string
}{
	{
		"read gives no version",
		broken{read: func(d lease.Document, err error) (lease.Document, error) { d.Version = ""; return d, err }},
		[]string{"Read/needs no lease", "Create/makes a document"},
	},
	{
		"read gives no date",
		broken{read: func(d lease.Document, err error) (lease.Document, error) { d.Date = time.Time{}; return d, err }},
		[]string{"Read/returns the service's clock"},
	},
	{
		"metadata keys come back canonical",
		broken{read: func(d lease.Document, err error) (lease.Document, error) {
			if due, ok := d.Meta["due"]; ok {
				delete(d.Meta, "due")
				d.Meta["Due"] = due
			}
			return d, err
		}},
		[]string{"values/metadata comes back as it was", "Create/makes a document"},
	},
	{
		"create overwrites",
		broken{create: func(_ ctxt, m mem, name string, body []byte, meta lease.Meta) (lease.Version, error) {
			return m.Overwrite(name, body, meta), nil
		}},
		[]string{"Create/existing is ErrExists", "Create/existing and leased is ErrExists", "race/one of many creators wins",
			"late/a create finds what another made", "context/ended: nothing is done", "values/names that a service would alter are refused"},
	},
	{
		"create of a leased document is another error",
		broken{create: func(ctx ctxt, m mem, name string, body []byte, meta lease.Meta) (lease.Version, error) {
			if _, err := m.Acquire(ctx, name, lease.NewID(), ttl); errors.Is(err, lease.ErrHeld) {
				return "", errors.New("412 LeaseIdMissing")
			}
			return m.Create(ctx, name, body, meta)
		}},
		[]string{"Create/existing and leased is ErrExists"},
	},
	{
		"acquire takes a live lease",
		broken{acquire: func(ctx ctxt, m mem, name, id string, ttl time.Duration) (lease.Grant, error) {
			d, err := m.Read(ctx, name)
			return lease.Grant{Version: d.Version, Date: d.Date}, err
		}},
		[]string{"Acquire/leased by another is ErrHeld", "race/one of many acquirers wins", "Acquire/limits of id and ttl",
			"late/an acquire of a held document takes nothing"},
	},
	{
		"acquire under the same id is refused",
		broken{acquire: func(ctx ctxt, m mem, name, id string, ttl time.Duration) (lease.Grant, error) {
			if _, err := m.Acquire(ctx, name, lease.NewID(), lease.MinTTL); err != nil {
				return lease.Grant{}, err
			}
			return m.Acquire(ctx, name, id, ttl)
		}},
		[]string{"Acquire/same id again succeeds"},
	},
	{
		"acquire changes the version",
		broken{acquire: func(ctx ctxt, m mem, name, id string, ttl time.Duration) (lease.Grant, error) {
			grant, err := m.Acquire(ctx, name, id, ttl)
			if err != nil {
				return grant, err
			}
			grant.Version, err = m.Write(ctx, name, id, grant.Version, nil, nil)
			return grant, err
		}},
		[]string{"Acquire/returns version and clock and changes neither body nor version"},
	},
	{
		"a lease lasts for ever",
		broken{acquire: func(ctx ctxt, m mem, name, id string, ttl time.Duration) (lease.Grant, error) {
			if err := lease.CheckAcquire(id, ttl); err != nil {
				return lease.Grant{}, err
			}
			return m.Acquire(ctx, name, id, lease.MaxTTL)
		}},
		[]string{"expiry/lets another in, and the first has lost", "expiry/ends the right to write", "expiry/a write does not prolong it"},
	},
	{
		"a second acquire does not restart the time",
		broken{acquire: func(ctx ctxt, m mem, name, id string, ttl time.Duration) (lease.Grant, error) {
			d, err := m.Read(ctx, name)
			if err == nil {
				// A write proves that this id has the lease already.
				if _, err := m.Write(ctx, name, id, d.Version, d.Body, d.Meta); err == nil {
					return lease.Grant{Version: d.Version, Date: d.Date}, nil
				}
			}
			return m.Acquire(ctx, name, id, ttl)
		}},
		[]string{"expiry/same id again restarts the time"},
	},
	{
		"write ignores the version",
		broken{write: func(ctx ctxt, m mem, name, id string, _ lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
			d, _ := m.Read(ctx, name)
			return m.Write(ctx, name, id, d.Version, body, meta)
		}},
		[]string{"Write/stale version is ErrLost", "race/one of many writers of a version wins"},
	},
	{
		"write ignores the lease",
		broken{write: func(ctx ctxt, m mem, name, _ string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
			if d, err := m.Read(ctx, name); err != nil || d.Version != base {
				return "", lease.ErrLost
			}
			return m.Overwrite(name, body, meta), nil
		}},
		[]string{"Write/without a lease is ErrLost", "Write/after the release is ErrLost", "Write/lease of another is ErrLost",
			"Write/does not end the lease", "expiry/ends the right to write", "late/a write after the release is ErrLost"},
	},
	{
		"write keeps old metadata",
		broken{write: func(ctx ctxt, m mem, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
			d, _ := m.Read(ctx, name)
			if meta == nil {
				meta = d.Meta
			}
			return m.Write(ctx, name, id, base, body, meta)
		}},
		[]string{"Write/without metadata removes it"},
	},
	{
		"write prolongs the lease",
		broken{write: func(ctx ctxt, m mem, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
			version, err := m.Write(ctx, name, id, base, body, meta)
			if err == nil {
				_, err = m.Acquire(ctx, name, id, ttl)
			}
			return version, err
		}},
		[]string{"expiry/a write does not prolong it"},
	},
	{
		"write makes an absent document",
		broken{write: func(ctx ctxt, m mem, name, id string, base lease.Version, body []byte, meta lease.Meta) (lease.Version, error) {
			if _, err := m.Read(ctx, name); errors.Is(err, lease.ErrNotFound) {
				return m.Create(ctx, name, body, meta)
			}
			return m.Write(ctx, name, id, base, body, meta)
		}},
		[]string{"Write/absent document is ErrLost"},
	},
	{
		"release needs no id",
		broken{release: func(ctx ctxt, m mem, name, _ string) error {
			d, err := m.Read(ctx, name)
			if err == nil {
				m.Overwrite(name, d.Body, d.Meta)
			}
			return nil
		}},
		[]string{"Release/by another is success and ends nothing", "Release/twice is success",
			"late/a release does not end the lease of another"},
	},
	{
		"release does nothing",
		broken{release: func(ctx ctxt, _ mem, _, _ string) error { return ctx.Err() }},
		[]string{"Release/lets another in", "Write/after the release is ErrLost", "late/an acquire takes the lease, and its id gives it back"},
	},
	{
		"release of what is gone fails",
		broken{release: func(ctx ctxt, m mem, name, id string) error {
			if _, err := m.Read(ctx, name); err != nil {
				return err
			}
			return m.Release(ctx, name, id)
		}},
		[]string{"Release/absent document is success"},
	},
	{
		"delete does nothing",
		broken{remove: func(ctx ctxt, _ mem, _ string, _ lease.Version) error { return ctx.Err() }},
		[]string{"Delete/removes the document", "Delete/after the release removes"},
	},
	{
		"delete ignores every condition",
		broken{remove: func(_ ctxt, m mem, name string, _ lease.Version) error {
			m.Remove(name)
			return nil
		}},
		[]string{"Delete/stale version is ErrLost", "Delete/without a version is ErrLost", "Delete/leased is ErrLost",
			"Delete/spares a document made anew", "late/a delete spares what was written since", "context/ended: nothing is done"},
	},
	{
		"delete ignores the lease",
		broken{remove: func(ctx ctxt, m mem, name string, base lease.Version) error {
			if d, err := m.Read(ctx, name); err == nil && d.Version == base {
				m.Remove(name)
				return nil
			}
			return m.Delete(ctx, name, base)
		}},
		[]string{"Delete/leased is ErrLost"},
	},
	{
		"delete of what is gone fails",
		broken{remove: func(ctx ctxt, m mem, name string, base lease.Version) error {
			if _, err := m.Read(ctx, name); err != nil {
				return err
			}
			return m.Delete(ctx, name, base)
		}},
		[]string{"Delete/absent document is success"},
	},
	{
		"delete takes the prefix along",
		broken{remove: func(ctx ctxt, m mem, name string, base lease.Version) error {
			err := m.Delete(ctx, name, base)
			if page, listed := m.List(ctx, name, "", 10); err == nil && listed == nil {
				for _, e := range page.Entries {
					m.Remove(e.Name)
				}
			}
			return err
		}},
		[]string{"Delete/leaves other documents"},
	},
	{
		"list ignores the prefix",
		broken{list: func(ctx ctxt, m mem, _, cursor string, limit int) (lease.Page, error) {
			return m.List(ctx, "", cursor, limit)
		}},
		[]string{"List/only names that begin with the prefix"},
	},
	{
		"list takes the prefix for a folder",
		broken{list: func(ctx ctxt, m mem, prefix, cursor string, limit int) (lease.Page, error) {
			if prefix != "" {
				prefix = strings.TrimSuffix(prefix, "/") + "/"
			}
			return m.List(ctx, prefix, cursor, limit)
		}},
		[]string{"List/only names that begin with the prefix"},
	},
	{
		"list begins again at every page",
		broken{list: func(ctx ctxt, m mem, prefix, _ string, limit int) (lease.Page, error) {
			return m.List(ctx, prefix, "", limit)
		}},
		[]string{"List/pages in name order, each entry once"},
	},
	{
		"list without order",
		broken{list: func(ctx ctxt, m mem, prefix, cursor string, limit int) (lease.Page, error) {
			page, err := m.List(ctx, prefix, cursor, limit)
			slices.Reverse(page.Entries)
			return page, err
		}},
		[]string{"List/pages in name order, each entry once"},
	},
	{
		"list without metadata",
		broken{list: func(ctx ctxt, m mem, prefix, cursor string, limit int) (lease.Page, error) {
			page, err := m.List(ctx, prefix, cursor, limit)
			for i := range page.Entries {
				page.Entries[i].Meta = nil
			}
			return page, err
		}},
		[]string{"List/entries have metadata and version"},
	},
	{
		"list quotes the versions",
		broken{list: func(ctx ctxt, m mem, prefix, cursor string, limit int) (lease.Page, error) {
			page, err := m.List(ctx, prefix, cursor, limit)
			for i := range page.Entries {
				page.Entries[i].Version = `"` + page.Entries[i].Version + `"`
			}
			return page, err
		}},
		[]string{"List/entries have metadata and version"},
	},
	{
		"list serves any limit",
		broken{list: func(ctx ctxt, m mem, prefix, cursor string, limit int) (lease.Page, error) {
			return m.List(ctx, prefix, cursor, max(limit, 1))
		}},
		[]string{"List/limits"},
	},
}
