package gallery

import (
	"time"

	"errata/internal/errata"
	"errata/internal/views/page"
)

func job(name string, how errata.JobState, done int64, change func(*page.JobIn)) state {
	in := page.JobIn{
		Moment: moment, Act: errata.ActResolve, Query: "is:open service:checkout-api", Counts: map[string]int64{"pending": 20_000 - done, "done": done},
		Job: errata.Job{ID: "019a", Kind: errata.JobBulk, State: how, Done: done, Total: 20_000, CreatedAt: ago(5 * time.Minute)},
	}
	if how != errata.JobQueued {
		in.Job.StartedAt = ago(4 * time.Minute)
	}
	if how.Over() {
		in.Job.FinishedAt = ago(time.Minute)
	}
	if change != nil {
		change(&in)
	}
	return state{name, page.NewJob(chrome("/jobs/019a"), in)}
}

func jobStates() []state {
	rest := func(title, why string) func(*page.JobIn) {
		return func(in *page.JobIn) {
			in.Query = title
			in.Counts = map[string]int64{"done": 19_600, "same": 260, "skipped": 139, "failed": 1}
			in.Unchanged = []page.JobItemIn{{ID: "CHK-2187", Title: title, Why: why}, {ID: "PAY-919", Title: title, Why: why}}
		}
	}
	return []state{
		job("waiting", errata.JobQueued, 0, nil),
		job("running", errata.JobRunning, 4200, nil),
		job("stopping", errata.JobRunning, 4200, func(in *page.JobIn) { in.Job.Cancel = true }),
		job("done", errata.JobDone, 20_000, nil),
		job("rest", errata.JobDone, 20_000, rest("is:open", "A P0 is resolved with a note: what was it, and what was done?")),
		job("cancelled", errata.JobCancelled, 4200, nil),
		job("failed", errata.JobFailed, 4200, func(in *page.JobIn) { in.Job.Error = "The disk that holds the database is full." }),
		job("longest", errata.JobDone, 20_000, rest(longWord+longWord, longWord+longWord)),
		job("right-to-left", errata.JobDone, 20_000, rest(arabic, arabic)),
		job("hostile", errata.JobDone, 20_000, rest(hostile+bidi, hostile+bidi)),
	}
}

func jump(name string, change func(*page.JumpIn)) state {
	in := page.JumpIn{}
	change(&in)
	return state{name, page.NewJump(chrome("/search"), in)}
}

func jumpStates() []state {
	found := func(in *page.JumpIn) {
		in.Text = "pay"
		for i := range 8 {
			r := listed[i%len(listed)]
			in.Issues = append(in.Issues, page.IssueRowIn{Issue: errata.Issue{Number: r.number, Title: r.title, Severity: errata.Severity(i % 4), Status: errata.Open}, Service: services[r.service]})
		}
		in.Services, in.People = services[:2], team
		in.Views = []errata.SavedView{{Slug: "payments", Title: "Payments at night", Page: "issues", Query: "service:payments-worker"}}
	}
	hard := func(text string) func(*page.JumpIn) {
		return func(in *page.JumpIn) {
			found(in)
			in.Text, in.Issues = text, in.Issues[:2]
			in.Issues[0].Issue.Title = text
			in.People = []errata.Person{{ID: "u9", Name: text, Login: text}}
			in.Views[0].Title = text
		}
	}
	return []state{
		jump("empty", func(*page.JumpIn) {}),
		jump("on", func(in *page.JumpIn) {
			yes := errata.Allowed{OK: true, Applies: true}
			in.On = &page.IssueRowIn{
				Issue: errata.Issue{Number: 2187, Version: 7}, Service: services[0],
				Can: errata.Can{Ack: yes, AssignSelf: yes, Assign: yes, Resolve: yes, Ignore: yes, Severity: yes},
			}
		}),
		jump("one", func(in *page.JumpIn) {
			found(in)
			in.Text, in.Issues, in.Services, in.People, in.Views = "CHK-1", in.Issues[:1], nil, nil, nil
		}),
		jump("many", found),
		jump("nothing", func(in *page.JumpIn) { in.Text = "zebra" }),
		jump("longest", hard(longWord+longWord)),
		jump("right-to-left", hard(arabic)),
		jump("hostile", hard(hostile+bidi)),
	}
}
