package find

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"strconv"

	"errata/internal/search"
	"errata/internal/store"
)

// place is where a page of issues begins, as its cursor says it. Back reads
// towards newer rows.
type place struct {
	Sort     string `json:"s"`
	Rank     int64  `json:"r"`
	LastSeen int64  `json:"l"`
	ID       string `json:"i"`
	AsOf     int64  `json:"a"`
	Back     bool   `json:"b,omitempty"`
	First    int64  `json:"f,omitempty"`
	Events   int64  `json:"e,omitempty"`
	Users    int64  `json:"u,omitempty"`
	Hash     string `json:"h"`
}

// maxCursor bounds a cursor, in characters.
const maxCursor = 512

// from is the place that continues at c.
func (p place) from(c store.IssueCursor, back bool) place {
	return place{
		Sort: p.Sort, Rank: c.Rank, LastSeen: c.LastSeen, ID: c.ID, AsOf: p.AsOf, Back: back,
		First: c.FirstSeen, Events: c.Events, Users: c.Users,
	}
}

func (p place) page(size int) store.IssuePage {
	return store.IssuePage{
		Sort: store.IssueSort(p.Sort), After: store.IssueCursor{
			Rank: p.Rank, LastSeen: p.LastSeen, ID: p.ID, FirstSeen: p.First, Events: p.Events, Users: p.Users,
		},
		Backwards: p.Back, Size: size,
	}
}

// seal writes the cursor, tied to what it belongs to.
func (p place) seal(binding []string) string {
	p.Hash = digest(binding)
	b, err := json.Marshal(p)
	if err != nil {
		return "" // a struct of texts and numbers always marshals
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// openPlace reads a cursor. Foreign and broken ones are invalid.
func openPlace(cursor, sort string, binding []string) (p place, err error) {
	b, derr := base64.RawURLEncoding.DecodeString(cursor)
	if len(cursor) > maxCursor || derr != nil || json.Unmarshal(b, &p) != nil || p.Hash != digest(binding) || p.Sort != sort {
		return place{}, refuse("cursor", search.ReasonCursor, "This page link belongs to another list. Start again from the first page.")
	}
	return p, nil
}

func digest(binding []string) string {
	h := fnv.New64a()
	for _, b := range binding {
		_, _ = h.Write([]byte(strconv.Itoa(len(b)) + ":" + b))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}
