package elastic

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"errata/internal/errata"
	"errata/internal/search"
)

// slack is how much longer than the cluster's own limit we wait for an answer.
const slack = 2 * time.Second

// Search answers one request; see search.Engine.
func (e *Engine) Search(ctx context.Context, r search.Request) (*search.Result, error) {
	a := e.MultiSearch(ctx, []search.Request{r})[0]
	return a.Result, a.Err
}

// task is a request that the cluster has to answer.
type task struct {
	at     int // index in the answers
	r      *search.Request
	header header
	body   []byte // JSON without the time limit
}

// MultiSearch answers all requests by one _msearch, after another one where the
// newest matches are asked for; see search.Engine.
func (e *Engine) MultiSearch(ctx context.Context, rs []search.Request) []search.Answer {
	began := e.o.Clock()
	out := make([]search.Answer, len(rs))
	rs, cut := e.newest(ctx, rs, out)
	var tasks []task
	for i := range rs {
		if out[i].Err != nil {
			continue
		}
		t, err := e.prepare(i, &rs[i])
		switch {
		case err != nil:
			out[i].Err = err
		case rs[i].Scope.Empty() || !rs[i].From.Before(rs[i].To):
			out[i].Result = emptyResult(&rs[i])
		default:
			tasks = append(tasks, t)
		}
	}
	if len(tasks) > 0 {
		e.run(ctx, tasks, out)
	}
	for i := range out {
		if out[i].Result == nil {
			continue
		}
		out[i].Result.Took = e.o.Clock().Sub(began)
		if cut[i] {
			about(out[i].Result)
		}
	}
	return out
}

func (e *Engine) prepare(at int, r *search.Request) (task, error) {
	if err := r.Check(); err != nil {
		return task{}, err
	}
	if r.Timeout != 0 && r.Timeout < time.Millisecond { // the cluster counts in milliseconds
		return task{}, because(errata.Unavailable, search.ReasonTimeout, "The search took too long. Shorten the range.", nil)
	}
	h, b, err := e.compose(r)
	if err != nil {
		return task{}, err
	}
	return newTask(at, r, h, b)
}

func newTask(at int, r *search.Request, h header, b body) (task, error) {
	text, err := marshal(b)
	if err != nil {
		return task{}, errata.E(errata.Internal, "The search could not be written down.", err)
	}
	return task{at, r, h, text}, nil
}

const defaultTimeout = 10 * time.Second

func (t *task) limit() time.Duration { return cmp.Or(t.r.Timeout, defaultTimeout) }

func longest(tasks []task) (limit time.Duration) {
	for i := range tasks {
		limit = max(limit, tasks[i].limit())
	}
	return limit
}

// run sends the tasks together. One member that cannot be parsed refuses the
// whole request; then each is sent alone, so that the others are answered.
func (e *Engine) run(ctx context.Context, tasks []task, out []search.Answer) {
	members, err := e.ask(ctx, tasks)
	if err != nil && len(tasks) > 1 && errata.CodeOf(err) == errata.Invalid {
		for _, t := range tasks {
			e.run(ctx, []task{t}, out)
		}
		return
	}
	for i, t := range tasks {
		if err != nil {
			out[t.at].Err = err
			continue
		}
		out[t.at].Result, out[t.at].Err = e.result(t.r, &members[i])
	}
}

// ask sends the tasks, unless the same were asked a moment ago.
func (e *Engine) ask(ctx context.Context, tasks []task) ([]member, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	key, err := question(tasks)
	if err != nil {
		return nil, errata.E(errata.Internal, "The search could not be written down.", err)
	}
	return e.answers.get(ctx, key, longest(tasks), func(ctx context.Context) ([]member, error) {
		return e.sendSettled(ctx, tasks)
	})
}

// sendSettled is send, again and again while an index is being made.
func (e *Engine) sendSettled(ctx context.Context, tasks []task) ([]member, error) {
	members, err := e.send(ctx, tasks)
	for wait := firstSettle; e.settling(members) && wait < lastSettle && sleep(ctx, wait); wait *= 2 {
		members, err = e.send(ctx, tasks)
	}
	return members, err
}

// send asks inside the guard; each task has its member in the answer.
func (e *Engine) send(ctx context.Context, tasks []task) ([]member, error) {
	var members []member
	err := e.read(ctx, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, longest(tasks)+slack)
		defer cancel()
		if members, err = e.around(ctx, tasks); err != nil {
			return err
		}
		return unanimous(members)
	})
	if len(members) == 0 { // members of refusals are kept: each says its own
		return nil, err
	}
	return members, nil
}

// msearch is one request that leaves out the named indices.
func (e *Engine) msearch(ctx context.Context, tasks []task, without []string) ([]member, error) {
	text, err := e.lines(tasks, without)
	if err != nil {
		return nil, errata.E(errata.Internal, "The search could not be written down.", err)
	}
	var answer struct {
		Responses []member `json:"responses"`
	}
	if err := e.client.do(ctx, esapi.MsearchRequest{Body: bytes.NewReader(text)}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Responses) != len(tasks) {
		return nil, because(errata.Internal, reasonFault, "The event store answered in a way we do not know.", nil)
	}
	return answer.Responses, nil
}

// unanimous tells the guard of a cluster that refuses every member for a
// passing reason, which an answer of 200 would hide.
func unanimous(members []member) error {
	var last error
	for i := range members {
		if members[i].Error == nil {
			return nil
		}
		members[i].Error.status = members[i].Status
		last = classify(members[i].Error)
		if code := errata.CodeOf(last); code != errata.Unavailable && code != errata.SlowDown {
			return nil
		}
	}
	return last
}

// question is what tells one search from another: not how long it may take.
func question(tasks []task) ([]byte, error) {
	var b bytes.Buffer
	for i := range tasks {
		head, err := marshal(tasks[i].header)
		if err != nil {
			return nil, err
		}
		b.Write(head)
		b.Write(tasks[i].body)
	}
	return b.Bytes(), nil
}

// lines writes the body of _msearch.
func (e *Engine) lines(tasks []task, without []string) ([]byte, error) {
	var b bytes.Buffer
	for i := range tasks {
		t := &tasks[i]
		h := t.header
		h.Index = slices.Clip(h.Index)
		for _, name := range e.within(t.r, without) {
			h.Index = append(h.Index, "-"+name)
		}
		head, err := marshal(h)
		if err != nil {
			return nil, err
		}
		b.Write(head)
		b.WriteString("\n{\"timeout\":\"" + timeLimit(t.limit()) + "\",")
		b.Write(t.body[1:])
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// limitStep is how finely the cluster is told how long it may take. Its own
// cache tells requests apart by that too, and pages have another time left
// whenever they ask.
const limitStep = 250 * time.Millisecond

func timeLimit(d time.Duration) string {
	if d > limitStep {
		d = d.Truncate(limitStep)
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// An index that was just made has no shard that can be searched for a moment,
// and nothing in it that anybody was told of. So that the first event of a day
// does not make a page fail, such an answer is asked for again.
const (
	settleTime  = 5 * time.Second // after an index was first written to
	firstSettle = 50 * time.Millisecond
	lastSettle  = time.Second
)

// noShard is the error of an index without a shard that can be asked.
const noShard = "no_shard_available_action"

// settling says whether an answer suffers from an index that is being made.
func (e *Engine) settling(members []member) bool {
	if e.o.Clock().UnixMicro()-e.fresh.Load() > settleTime.Microseconds() {
		return false
	}
	for i := range members {
		m := &members[i]
		if m.Error != nil && m.Status == http.StatusServiceUnavailable {
			return true
		}
		for _, f := range m.Shards.Failures {
			if f.Reason.kind() == noShard {
				return true
			}
		}
	}
	return false
}
