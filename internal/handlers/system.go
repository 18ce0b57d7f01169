package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"errata/internal/admin"
	"errata/internal/errata"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

// system is the page of the installation's state.
type system struct{ *Server }

func (h system) show(c echo.Context) error {
	who := actorOf(c)
	r, err := h.Admin.System(c.Request().Context(), who)
	if err != nil {
		return err
	}
	m := h.moment(zoneOf(who))
	in := page.SystemIn{
		Moment: m, Version: r.Version, Started: r.Started, Since: r.Since, Queued: r.Events.Items, LettersTotal: r.LettersTotal,
		Outcomes: errata.Outcomes{}, Failed: map[string]*ui.Failure{},
	}
	for _, d := range r.Dependencies {
		in.Dependencies = append(in.Dependencies, dependency(d))
	}
	for k, n := range r.Outcomes {
		if k.Outcome != errata.ClientLost { // beside the sum, never in it
			in.Outcomes[k] = n
		}
	}
	h.queue(c, m, r, &in)
	h.storage(c, m, r, &in)
	h.letters(c, m, r, &in)
	return showModel(c, http.StatusOK, page.NewSystem(h.chrome(c, m), in))
}

func dependency(d admin.Dependency) page.Dependency {
	out := page.Dependency{Name: d.Name, Detail: d.Detail, State: page.LightOK, Since: d.Since, LastOK: d.LastOK}
	if !d.OK {
		out.State = page.LightDown
		out.Error = errata.MessageOf(d.Err)
	}
	return out
}

func (h system) queue(c echo.Context, m ui.Moment, r admin.SystemReport, in *page.SystemIn) {
	if r.QueueErr != nil {
		in.Failed["queue"] = failure(c, m, "The queue could not be asked.", r.QueueErr, "")
		return
	}
	in.Queue = &page.QueueState{
		Events: r.Events.Items, NotSearchable: r.Backlog.Items,
		Messages: int64(r.Events.Messages), Bytes: queueBytes(r), //nolint:gosec // what a disk holds
	}
	if !r.Events.Oldest.IsZero() {
		in.Queue.Oldest = r.Events.Oldest.UnixMicro()
	}
}

func queueBytes(r admin.SystemReport) int64 {
	return int64(r.Events.Bytes + r.Backlog.Bytes) //nolint:gosec // what a disk holds
}

func (h system) storage(c echo.Context, m ui.Moment, r admin.SystemReport, in *page.SystemIn) {
	if r.EngineErr != nil {
		in.Failed["storage"] = failure(c, m, "The event engine could not be asked.", r.EngineErr, "")
		return
	}
	in.Storage = &page.StorageState{
		Engine: r.Engine.Engine, Events: r.Engine.Events, Bytes: r.Engine.Bytes, Oldest: r.Engine.Oldest,
		Places: r.Engine.Places, PlacesName: "indices", SQLBytes: r.SQL.Bytes, QueueBytes: queueBytes(r),
		DiskFree: r.DiskFree, DiskTotal: r.DiskTotal,
	}
	if r.Engine.Engine == "embedded" {
		in.Storage.PlacesName = "files"
	}
}

func (h system) letters(c echo.Context, m ui.Moment, r admin.SystemReport, in *page.SystemIn) {
	if r.SQLErr != nil {
		in.Failed["outcomes"] = failure(c, m, "The counters could not be read.", r.SQLErr, "")
		in.Failed["letters"] = failure(c, m, "The dead letters could not be read.", r.SQLErr, "")
		return
	}
	for _, l := range r.Letters {
		in.Letters = append(in.Letters, page.DeadLetter{
			Service: r.Projects[l.ProjectID].Slug, EventID: l.EventID, Reason: l.Reason,
			Error: l.Error, Tries: l.Tries, Counted: l.SQLApplied, First: l.FirstAt, Last: l.LastAt, State: string(l.State),
		})
	}
}
