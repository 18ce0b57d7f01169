package embedded

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// page walks the files in order until the page is full and one hit more is
// known. The first file alone fills most pages; the others are asked side by
// side, as many as there are cores.
func (s *running) page(ctx context.Context, views []view, failed []failures) {
	order := make([]int, 0, len(views))
	for i, v := range views {
		if !s.paged || !s.beyond(v) {
			order = append(order, i)
		}
	}
	if s.newer {
		slices.Reverse(order)
	}
	want := s.r.Size + 1
	var hits []search.Hit
	for at, step := 0, 1; at < len(order) && len(hits) < want; {
		round := order[at:min(at+step, len(order))]
		found := make([][]search.Hit, len(round))
		var wg sync.WaitGroup
		for n, i := range round {
			wg.Go(func() {
				found[n], failed[i].page = s.hitsOf(ctx, views[i], want-len(hits))
			})
		}
		wg.Wait()
		hits = slices.Concat(append([][]search.Hit{hits}, found...)...)
		at, step = at+len(round), runtime.GOMAXPROCS(0)
	}
	if s.more = len(hits) >= want; s.more {
		hits = hits[:s.r.Size]
	}
	if s.newer {
		slices.Reverse(hits)
	}
	s.hits = hits
}

// beyond says that all of a file lies on the other side of the cursor.
func (s *running) beyond(v view) bool {
	day := dayOf(s.at.Time)
	if s.newer {
		return v.last < day
	}
	return v.first > day
}

// hitsOf reads up to n hits of one file.
func (s *running) hitsOf(ctx context.Context, v view, n int) (hits []search.Hit, err error) {
	t := s.visit()
	defer t.end()
	err = s.onFile(ctx, t, v, func(f *found, payer *question) (err error) {
		hits, err = s.hitsOn(ctx, f, payer, v, n)
		return err
	}, func(q queryer, payer *question, p plan) (err error) {
		hits, err = s.hitsBy(ctx, q, payer, v, p, n)
		return err
	})
	return hits, err
}

// hitsBy reads up to n hits of one file as planned.
func (s *running) hitsBy(ctx context.Context, q queryer, payer *question, v view, p plan, n int) ([]search.Hit, error) {
	if err := payer.spend(p.costOfPage(n)); err != nil {
		return nil, err
	}
	if s.paged {
		if err := p.continueAt(ctx, q, s.at, s.newer); err != nil {
			return nil, err
		}
	}
	rows, err := p.rows(ctx, q, evColumns, n, s.newer)
	if err != nil {
		return nil, err
	}
	return s.e.complete(ctx, q, v.partition, rows, s.r.Fields == search.FieldsFull)
}

// rows reads columns of the first n rows in order: from the index on time as
// long as a window of it fills the page, else by sorting all matches, which
// reads the table from end to end instead of looking up row after row.
func (p *plan) rows(ctx context.Context, q queryer, columns string, n int, newer bool) ([]row, error) {
	dir := "DESC"
	if newer {
		dir = "ASC"
	}
	read := func(s source) ([]row, error) {
		return readRows(ctx, q, columns, fmt.Sprintf("FROM %s WHERE %s ORDER BY ts %[3]s, eid %[3]s, pid %[3]s LIMIT %[4]d",
			s.from, s.where, dir, n), s.args...)
	}
	index, _, _, ok := p.inOrder()
	if !ok {
		return read(p.walk(0))
	}
	near, least, beyond, err := p.window(ctx, q, p.tuning.window, newer)
	if err != nil {
		return nil, err
	}
	window := near.source(index, least)
	if !beyond {
		return read(window)
	}
	var found int
	if n > p.tuning.window {
		found, err = count(ctx, q, window)
	} else {
		var rows []row
		if rows, err = read(window); len(rows) == n {
			return rows, err
		}
		found = len(rows)
	}
	if err == nil {
		err = p.payer.spend(int(p.upTo))
	}
	if err != nil {
		return nil, err
	}
	return p.further(ctx, q, n*p.tuning.window/max(found, 1), n, newer, read)
}

// further reads the first n rows where the first window does not hold them;
// they lie in about so many rows.
func (p *plan) further(ctx context.Context, q queryer, within, n int, newer bool, read func(source) ([]row, error)) ([]row, error) {
	index, _, _, _ := p.inOrder()
	switch {
	case (!p.sets || p.wide) && n > p.tuning.window && within*4 < int(p.upTo):
		return read(p.source(index, 0))
	case p.driver != nil && within*2 < int(p.upTo):
		near, least, _, err := p.window(ctx, q, within+within/4, newer)
		if err != nil {
			return nil, err
		}
		if rows, err := read(near.walk(least)); err != nil || len(rows) == n {
			return rows, err
		}
	}
	return read(p.walk(0))
}

// row is a row of ev.
type row struct {
	id                           int64
	eid                          []byte
	ts, rcv, cls                 int64
	level, sev, handled, status  int64
	pid, svc, env, rel, typ, cod int64
	cul, iss, usr                int64
}

// field returns where a column of ev stands in a row; eid, the only one that
// is no number, is nil.
func (r *row) field(column string) *int64 {
	return map[string]*int64{
		"id": &r.id, "pid": &r.pid, "ts": &r.ts, "rcv": &r.rcv, "cls": &r.cls, "level": &r.level, "sev": &r.sev,
		"handled": &r.handled, "status": &r.status, "svc": &r.svc, "env": &r.env, "rel": &r.rel, "typ": &r.typ, "cod": &r.cod,
		"cul": &r.cul, "iss": &r.iss, "usr": &r.usr,
	}[column]
}

// readRows reads the columns, a list divided by commas, of the rows that from
// selects. Values are taken as the driver gives them: converting each to its
// type takes longer than reading it.
func readRows(ctx context.Context, q queryer, columns, from string, args ...any) (out []row, err error) {
	var r row
	names := strings.Split(columns, ", ")
	fields, values, dest := make([]*int64, len(names)), make([]any, len(names)), make([]any, len(names))
	for i, n := range names {
		fields[i], dest[i] = r.field(n), &values[i]
	}
	err = each(ctx, q, func(scan func(...any) error) error {
		if err := scan(dest...); err != nil {
			return err
		}
		for i, f := range fields {
			if f == nil {
				r.eid, _ = values[i].([]byte)
			} else {
				*f, _ = values[i].(int64)
			}
		}
		out = append(out, r)
		return nil
	}, "SELECT "+columns+" "+from, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// complete adds names, face and, if whole, payload to rows.
func (e *Engine) complete(ctx context.Context, q queryer, p *partition, rows []row, whole bool) ([]search.Hit, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	names, err := namesOf(ctx, q, rows)
	if err != nil {
		return nil, err
	}
	hits := make([]search.Hit, len(rows))
	at := make(map[int64]int, len(rows))
	for i := range rows {
		rows[i].fill(&hits[i], names)
		at[rows[i].id] = i
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].id
	}
	return hits, e.bodies(ctx, q, p, ids, whole, func(id int64, f face, payload []byte) {
		h := &hits[at[id]]
		h.Title, h.IP = f.title, f.ip
		if whole {
			h.Payload = payload
		}
	})
}

func (r *row) fill(h *search.Hit, names map[int64]string) {
	h.Time, h.Received, h.EventID, h.Class = r.ts, r.rcv, hex.EncodeToString(r.eid), int(r.cls)
	h.Level, h.Severity, h.Handled, h.Status = levelOf(r.level), errata.Severity(r.sev), r.handled == 1, int(r.status) //nolint:gosec // stored from a Severity
	h.Project, h.Service, h.Env, h.Release = names[r.pid], names[r.svc], names[r.env], names[r.rel]
	h.Type, h.Code, h.Culprit = names[r.typ], names[r.cod], names[r.cul]
	h.Issue, h.UserHash = names[r.iss], names[r.usr]
}

// idsAtOnce bounds the bound values of one statement.
const idsAtOnce = 500

// namesOf reads the dictionary entries that rows mention.
func namesOf(ctx context.Context, q queryer, rows []row) (map[int64]string, error) {
	var ids []int64
	for i := range rows {
		r := &rows[i]
		ids = append(ids, r.pid, r.svc, r.env, r.rel, r.typ, r.cod, r.cul, r.iss, r.usr)
	}
	return lookUpNames(ctx, q, ids)
}

func lookUpNames(ctx context.Context, q queryer, ids []int64) (map[int64]string, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	names := make(map[int64]string, len(ids))
	for part := range slices.Chunk(ids, idsAtOnce) {
		cl := in("id", part)
		err := each(ctx, q, func(scan func(...any) error) error {
			var id int64
			var val string
			err := scan(&id, &val)
			names[id] = val
			return err
		}, "SELECT id, val FROM dict WHERE "+cl.sql, cl.args...)
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// bodies unpacks the bodies of rows, on all cores while the next are read, and
// hands each to fn, in any order. Without whole, faces that are remembered are
// not unpacked.
func (e *Engine) bodies(ctx context.Context, q queryer, p *partition, ids []int64, whole bool, fn func(id int64, f face, payload []byte)) error {
	if !whole {
		var known []remembered
		known, ids = e.faces.get(p, ids)
		for i := range known {
			fn(known[i].id, known[i].face, nil)
		}
	}
	type chunk struct {
		packed []body
		err    error
	}
	next := make(chan chunk)
	ctx, cancel := context.WithCancel(ctx)
	var reader sync.WaitGroup
	defer reader.Wait()
	defer cancel()
	reader.Go(func() {
		defer close(next)
		for part := range slices.Chunk(ids, idsAtOnce) {
			packed, err := readBodies(ctx, q, part)
			select {
			case next <- chunk{packed, err}:
			case <-ctx.Done():
				return
			}
		}
	})
	for c := range next {
		if c.err != nil {
			return c.err
		}
		if err := unpackAll(p, c.packed, whole, fn); err != nil {
			return err
		}
		if !whole {
			e.faces.put(p, c.packed)
		}
	}
	return ctx.Err()
}

// unpackAll unpacks bodies side by side.
func unpackAll(p *partition, packed []body, whole bool, fn func(id int64, f face, payload []byte)) error {
	pack, err := p.packer()
	if err != nil {
		return err
	}
	workers := min(runtime.GOMAXPROCS(0), len(packed)/32+1)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(packed); i += workers {
				if b := &packed[i]; whole {
					b.face, b.payload, b.err = pack.unpack(b.head, b.z)
				} else {
					b.face, b.err = pack.unpackFace(b.head, b.z)
				}
			}
		})
	}
	wg.Wait()
	for i := range packed {
		if packed[i].err != nil {
			return packed[i].err
		}
		fn(packed[i].id, packed[i].face, packed[i].payload)
	}
	return nil
}

// body is a row of body, as stored and unpacked.
type body struct {
	id      int64
	head, z []byte
	face    face
	payload []byte
	err     error
}

func readBodies(ctx context.Context, q queryer, ids []int64) ([]body, error) {
	cl := in("id", ids)
	out := make([]body, 0, len(ids))
	err := each(ctx, q, func(scan func(...any) error) error {
		var b body
		err := scan(&b.id, &b.head, &b.z)
		out = append(out, b)
		return err
	}, "SELECT id, f, z FROM body WHERE "+cl.sql, cl.args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Get returns one event; see search.Engine.
func (e *Engine) Get(ctx context.Context, s search.Scope, ref errata.Ref) (*search.Doc, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	eid, err := hex.DecodeString(ref.EventID)
	if err != nil || len(eid) != 16 || !s.Sees(ref.Project) {
		return nil, notFound()
	}
	var failure error
	for _, v := range e.where(ref) {
		var hits []search.Hit
		err := e.reading(ctx, v.partition, func(q queryer) error {
			var err error
			hits, err = e.get(ctx, q, v.partition, ref.Project, eid)
			return err
		})
		if err == nil && len(hits) == 1 { // never one whose body cannot be unpacked
			return &search.Doc{Record: hits[0].Record, Class: hits[0].Class, Payload: hits[0].Payload}, nil
		}
		if err == nil || errors.Is(err, errGone) {
			continue
		}
		failure = cmp.Or(failure, err)
		if isCorrupt(err) {
			e.quarantine(v.partition)
		}
	}
	if err := e.open(); err != nil {
		return nil, err
	}
	if failure != nil || len(e.gaps(e.daysOf(ref))) > 0 {
		return nil, errata.Because(errata.Unavailable, "The events of that day cannot be read.", failure,
			errata.Detail{Reason: search.ReasonCorrupt, Message: "The events of that day cannot be read."})
	}
	return nil, notFound()
}

// daysOf returns the days an event may lie in.
func (e *Engine) daysOf(ref errata.Ref) (first, last int64) {
	if ref.Time > 0 {
		return dayOf(ref.Time), dayOf(ref.Time)
	}
	return 0, 1 << 40
}

// where returns the files that may hold the event, newest first.
func (e *Engine) where(ref errata.Ref) []view {
	first, last := e.daysOf(ref)
	e.mu.RLock()
	defer e.mu.RUnlock()
	var out []view
	for _, p := range slices.Backward(e.parts) {
		if p.first <= last && p.last >= first && p.events.Load() > 0 {
			out = append(out, view{p, p.first, p.last})
		}
	}
	return out
}

func (e *Engine) get(ctx context.Context, q queryer, p *partition, project string, eid []byte) ([]search.Hit, error) {
	rows, err := readRows(ctx, q, evColumns, "FROM ev WHERE eid = ? AND pid = (SELECT id FROM dict WHERE col = ? AND low = ? AND val = ?)",
		eid, int64(colProject), querylang.Fold(project), project)
	if err != nil {
		return nil, err
	}
	return e.complete(ctx, q, p, rows, true)
}

func notFound() error { return errata.E(errata.NotFound, "This event does not exist.", nil) }
