package elastic

import (
	"bytes"
	"encoding/json"
	"strings"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/search"
)

// document is an event as the cluster stores it: the fields of template.json.
// Pairs, terms, keys and words are indexed and left out of _source, because they
// follow from the payload. The payload is a string: an object would be
// rewritten (1.10 becomes 1.1) and could be refused.
type document struct {
	Timestamp string `json:"@timestamp"`
	Event     struct {
		ID       string `json:"id"`
		Ingested string `json:"ingested"`
		Severity int8   `json:"severity"`
	} `json:"event"`
	Log struct {
		Level string `json:"level,omitzero"`
	} `json:"log"`
	Error struct {
		Type    string `json:"type,omitzero"`
		Code    string `json:"code,omitzero"`
		Culprit string `json:"culprit,omitzero"`
		Handled bool   `json:"handled"`
	} `json:"error"`
	Service struct {
		Name        string `json:"name,omitzero"`
		Version     string `json:"version,omitzero"`
		Environment string `json:"environment,omitzero"`
	} `json:"service"`
	User struct {
		Hash string `json:"hash,omitzero"`
	} `json:"user,omitzero"`
	Client struct {
		IP string `json:"ip,omitzero"`
	} `json:"client,omitzero"`
	HTTP struct {
		Response struct {
			Status int `json:"status_code,omitzero"`
		} `json:"response"`
	} `json:"http,omitzero"`
	Errata struct {
		Project string   `json:"project_id"`
		Issue   string   `json:"issue_id,omitzero"`
		Title   string   `json:"title,omitzero"`
		Pairs   []string `json:"pairs,omitzero"`
		Terms   []string `json:"terms,omitzero"`
		Keys    []string `json:"keys,omitzero"`
		Words   words    `json:"words,omitzero"`
		Payload string   `json:"payload"`
	} `json:"errata"`
}

type words struct {
	Message string `json:"message,omitzero"`
	Type    string `json:"type,omitzero"`
	Stack   string `json:"stack,omitzero"`
}

// encode writes the document of d. A bare one has nothing that could be refused
// but its columns: no words, terms, pairs, keys or address.
func encode(d *search.Doc, bare bool) ([]byte, error) {
	var x document
	x.Timestamp, x.Event.Ingested = stampMicros(d.Time), stampMicros(d.Received)
	x.Event.ID, x.Event.Severity = d.EventID, int8(d.Severity)
	x.Log.Level = string(d.Level)
	x.Error.Type, x.Error.Code, x.Error.Culprit, x.Error.Handled = column(d.Type), column(d.Code), column(d.Culprit), d.Handled
	x.Service.Name, x.Service.Version, x.Service.Environment = column(d.Service), column(d.Release), column(d.Env)
	x.User.Hash = d.UserHash
	x.HTTP.Response.Status = d.Status
	x.Errata.Project, x.Errata.Issue, x.Errata.Title = d.Project, d.Issue, column(d.Title)
	x.Errata.Payload = string(d.Payload)
	if !bare {
		x.Client.IP = d.IP
		x.Errata.Pairs, x.Errata.Terms, x.Errata.Keys = d.Pairs, d.Terms, d.Keys
		x.Errata.Words = words{d.Words[querylang.StreamMessage], d.Words[querylang.StreamType], d.Words[querylang.StreamStack]}
	}
	return marshal(x)
}

// maxColumn is the longest value that a column of the cluster can hold, bytes.
// No event that came through intake has one nearly as long.
const maxColumn = 32_766

func column(s string) string {
	if len(s) <= maxColumn {
		return s
	}
	return strings.ToValidUTF8(s[:maxColumn], "")
}

// marshal writes JSON without the escapes meant for HTML, and no line break.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decode reads the document of a _source: the columns and the payload.
func (x *document) decode(prefix, index string) (*search.Doc, error) {
	at, err := readStamp(x.Timestamp)
	if err != nil {
		return nil, err
	}
	received, err := readStamp(x.Event.Ingested)
	if err != nil {
		return nil, err
	}
	class, _, _ := parseIndex(prefix, index)
	return &search.Doc{Class: class, Payload: []byte(x.Errata.Payload), Record: querylang.Record{
		Time: at, Received: received,
		Project: x.Errata.Project, Issue: x.Errata.Issue, EventID: x.Event.ID, UserHash: x.User.Hash,
		Service: x.Service.Name, Level: errata.Level(x.Log.Level), Severity: errata.Severity(x.Event.Severity),
		Handled: x.Error.Handled, Status: x.HTTP.Response.Status, IP: x.Client.IP,
		Env: x.Service.Environment, Release: x.Service.Version, Type: x.Error.Type, Code: x.Error.Code,
		Culprit: x.Error.Culprit, Title: x.Errata.Title,
	}}, nil
}

// columns are the doc values of a hit, each a list of one.
type columns struct {
	Time     []string `json:"@timestamp"`
	Received []string `json:"event.ingested"`
	EventID  []string `json:"event.id"`
	Severity []int8   `json:"event.severity"`
	Level    []string `json:"log.level"`
	Type     []string `json:"error.type"`
	Code     []string `json:"error.code"`
	Culprit  []string `json:"error.culprit"`
	Handled  []bool   `json:"error.handled"`
	Service  []string `json:"service.name"`
	Release  []string `json:"service.version"`
	Env      []string `json:"service.environment"`
	User     []string `json:"user.hash"`
	IP       []string `json:"client.ip"`
	Status   []int    `json:"http.response.status_code"`
	Project  []string `json:"errata.project_id"`
	Issue    []string `json:"errata.issue_id"`
	Title    []string `json:"errata.title"`
}

// nanos is the form of times with all their digits.
const nanos = "strict_date_optional_time_nanos"

// field asks for a doc value in a form.
type field struct {
	Field  string `json:"field"`
	Format string `json:"format,omitempty"`
}

// listFields are the doc values that columns reads.
var listFields = []field{
	{"@timestamp", nanos},
	{"event.ingested", nanos},
	{"event.id", ""},
	{"event.severity", ""},
	{"log.level", ""},
	{"error.type", ""},
	{"error.code", ""},
	{"error.culprit", ""},
	{"error.handled", ""},
	{"service.name", ""},
	{"service.version", ""},
	{"service.environment", ""},
	{"user.hash", ""},
	{"client.ip", ""},
	{"http.response.status_code", ""},
	{"errata.project_id", ""},
	{"errata.issue_id", ""},
	{"errata.title", ""},
}

func first[T any](list []T) (v T) {
	if len(list) > 0 {
		v = list[0]
	}
	return v
}

func (c *columns) record() (querylang.Record, error) {
	at, err := readStamp(first(c.Time))
	if err != nil {
		return querylang.Record{}, err
	}
	received, err := readStamp(first(c.Received))
	if err != nil {
		return querylang.Record{}, err
	}
	return querylang.Record{
		Time: at, Received: received, Project: first(c.Project), Issue: first(c.Issue), EventID: first(c.EventID),
		UserHash: first(c.User), Service: first(c.Service), Level: errata.Level(first(c.Level)),
		Severity: errata.Severity(first(c.Severity)), Handled: first(c.Handled), Status: first(c.Status), IP: first(c.IP),
		Env: first(c.Env), Release: first(c.Release), Type: first(c.Type), Code: first(c.Code), Culprit: first(c.Culprit),
		Title: first(c.Title),
	}, nil
}
