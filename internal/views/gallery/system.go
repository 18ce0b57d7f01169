package gallery

import (
	"strconv"
	"time"

	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/page"
	"errata/internal/views/ui"
)

func systemIn(change func(*page.SystemIn)) page.SystemIn {
	in := page.SystemIn{
		Moment: moment, Version: "0.1.0", Started: ago(3*day + 2*time.Hour), Since: ago(day),
		Dependencies: []page.Dependency{
			{Name: "SQL store", Detail: "SQLite, ./data/errata.db", State: page.LightOK, LastOK: ago(2 * time.Second)},
			{Name: "Event engine", Detail: "embedded, ./data/events", State: page.LightOK, LastOK: ago(time.Second)},
			{Name: "Queue", Detail: "embedded JetStream, ./data/queue", State: page.LightOK, LastOK: ago(2 * time.Second)},
			{Name: "Disk", Detail: "212 GB free", State: page.LightOK, LastOK: ago(9 * time.Second)},
		},
		Queue: &page.QueueState{Events: 12, Messages: 2, Bytes: 41_200, Oldest: ago(240 * time.Millisecond)},
		Outcomes: errata.Outcomes{
			key(errata.CategoryError, errata.Stored, "full"):              {Items: 128_411, Bytes: 412_000_000},
			key(errata.CategoryError, errata.Deduplicated, "event_id"):    {Items: 204, Bytes: 800_000},
			key(errata.CategoryTransaction, errata.Filtered, "item_type"): {Items: 18_020, Bytes: 61_000_000},
			key(errata.CategoryRequest, errata.Rejected, "bad_json"):      {Items: 7, Bytes: 21_000},
		},
		Queued:  12,
		Storage: &page.StorageState{Engine: "embedded", Events: 3_412_900, Bytes: 6_100_000_000, Oldest: ago(29 * day), SQLBytes: 240_000_000, QueueBytes: 1_200_000, DiskFree: 212e9, DiskTotal: 512e9, Places: 30, PlacesName: "day files"},
	}
	change(&in)
	return in
}

func key(c errata.Category, o errata.Outcome, reason string) errata.OutcomeKey {
	return errata.OutcomeKey{ProjectID: "1", Hour: ago(time.Hour), Category: c, Outcome: o, Reason: reason}
}

func trouble(in *page.SystemIn) {
	in.Dependencies[1] = page.Dependency{
		Name: "Event engine", Detail: "Elasticsearch 8.19.21 at https://es.internal:9200", State: page.LightDown,
		Since: ago(14 * time.Minute), LastOK: ago(14 * time.Minute), Error: "dial tcp 10.0.4.7:9200: connect: connection refused",
	}
	in.Dependencies[3] = page.Dependency{Name: "Disk", Detail: "18 GB free", State: page.LightSlow, Since: ago(2 * day), Error: "96 % full: intake stops at 97 %"}
	in.Dependencies = append(in.Dependencies, page.Dependency{Name: "Outgoing mail", State: page.LightUnknown})
	in.Queue = &page.QueueState{Events: 48_210, Messages: 512, Bytes: 96_000_000, Oldest: ago(14 * time.Minute), NotSearchable: 48_198}
	in.Outcomes[key(errata.CategoryError, errata.DeadLettered, "mapping")] = errata.OutcomeCount{Items: 3, Bytes: 12_000}
	in.Outcomes[key(errata.CategoryError, errata.RateLimited, "key")] = errata.OutcomeCount{Items: 1_204, Bytes: 4_000_000}
	for i := range 3 {
		in.Letters = append(in.Letters, page.DeadLetter{
			Service: "checkout-api", EventID: "7f3ac1e04b6d4c21a7b0d1c2e3f4051" + strconv.Itoa(i), Reason: "mapping",
			Error: "mapper_parsing_exception: failed to parse field [errata.number] of type [double]", Tries: 8, Counted: true, First: ago(time.Hour), Last: ago(20 * time.Minute), State: "parked",
		})
	}
	in.Letters[2].Reason, in.Letters[2].Error, in.Letters[2].Tries = "poison", hostile+" "+longWord, 1
	in.LettersTotal = 3
}

func systemStates() []state {
	c := chrome("/system")
	c.Health = []layout.Health{{What: "Search degraded", Since: moment.At(ago(14 * time.Minute)), URL: "/system"}}
	return []state{
		{"fine", page.NewSystem(chrome("/system"), systemIn(func(*page.SystemIn) {}))},
		{"trouble", page.NewSystem(c, systemIn(trouble))},
		{"failed", page.NewSystem(chrome("/system"), systemIn(func(in *page.SystemIn) {
			f := failure("This could not be read", "/system")
			in.Failed = map[string]*ui.Failure{"queue": f, "outcomes": f, "storage": f, "letters": f}
			in.Outcomes, in.Queue, in.Storage = nil, nil, nil
		}))},
	}
}

func errorStates() []state {
	var out []state
	for _, status := range []int{400, 403, 404, 409, 429, 500, 503} {
		in := page.ErrorIn{Status: status, RequestID: "01JD4R8W6KQ2"}
		switch status {
		case 403:
			in.Message, in.Grant = "Reading the system's state needs the right system:read.", "Ask Ada Rivera, who can give it."
		case 429:
			in.RetryAfter = 40
		}
		out = append(out, state{strconv.Itoa(status), page.NewError(bare(), in)})
	}
	return append(out, state{"hostile", page.NewError(bare(), page.ErrorIn{Status: 404, Message: hostile, RequestID: hostile})})
}
