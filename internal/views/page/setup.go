package page

import (
	"errata/internal/errata"
	"errata/internal/views/layout"
	"errata/internal/views/ui"
)

// SetupStep is a step of the first run.
type SetupStep string

// The steps, in order.
const (
	StepAdmin   SetupStep = "admin"
	StepStore   SetupStep = "store"
	StepService SetupStep = "service"
	StepEvent   SetupStep = "first-event"
)

// Steps is the progress of the first run.
type Steps []Step

// Step is one step of it.
type Step struct {
	Text    string
	Done    bool
	Current bool
}

var stepNames = []struct {
	step SetupStep
	text string
}{{StepAdmin, "Administrator"}, {StepStore, "Store check"}, {StepService, "First service"}, {StepEvent, "First event"}}

func newSteps(now SetupStep) Steps {
	var out Steps
	done := true
	for _, s := range stepNames {
		if s.step == now {
			done = false
		}
		out = append(out, Step{Text: s.text, Done: done && s.step != now, Current: s.step == now})
	}
	return out
}

// SetupAdminIn is what the first step is made from. Token is the one-time
// set-up token, carried along in the form.
type SetupAdminIn struct {
	Token, Org, Name, Email string
	Err                     error
}

// SetupAdmin asks for the first administrator.
type SetupAdmin struct {
	layout.Chrome
	noParts
	Steps    Steps
	Token    string
	Fields   []ui.Field
	Problems []string
}

// NewSetupAdmin makes the first step. Field names: org, name, email, password.
func NewSetupAdmin(c layout.Chrome, in SetupAdminIn) SetupAdmin {
	c.Title = "Set up Errata"
	m := SetupAdmin{Chrome: c, Steps: newSteps(StepAdmin), Token: in.Token, Fields: []ui.Field{
		{
			Name: "org", Label: "Organisation", Type: "text", Value: in.Org, Autocomplete: "organization", MaxLength: 80, Optional: true,
			Hint: "Shown in the corner and in reports.",
		},
		{Name: "name", Label: "Your name", Type: "text", Value: in.Name, Autocomplete: "name", MaxLength: 80, Autofocus: true},
		{Name: "email", Label: "E-mail", Type: "email", Value: in.Email, Autocomplete: "username", MaxLength: 254},
		{
			Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", MaxLength: 128,
			Hint: "At least 12 characters. A sentence is fine.",
		},
	}}
	m.Problems = formProblems(m.Fields, in.Err)
	return m
}

// formProblems puts the findings at their fields and returns the sentences
// that belong above the form.
func formProblems(fields []ui.Field, err error) []string {
	if err == nil {
		return nil
	}
	rest := ui.FieldErrors(fields, errata.DetailsOf(err))
	if len(rest) == 0 && !ui.HasErrors(fields) {
		rest = []string{errata.MessageOf(err)}
	}
	return rest
}

// StoreCheck is the finding about one store.
type StoreCheck struct {
	Name, Detail string // "SQL store", "SQLite, ./data/errata.db"
	OK           bool
	Problem      string // what is wrong and the remedy
}

// SetupStore shows whether the stores work.
type SetupStore struct {
	layout.Chrome
	noParts
	Steps  Steps
	Checks []StoreCheck
	OK     bool
}

// NewSetupStore makes the second step.
func NewSetupStore(c layout.Chrome, checks []StoreCheck) SetupStore {
	c.Title = "Store check"
	m := SetupStore{Chrome: c, Steps: newSteps(StepStore), Checks: checks, OK: true}
	for _, k := range checks {
		m.OK = m.OK && k.OK
	}
	return m
}

// NewServiceIn is what the form of a new service is made from.
type NewServiceIn struct {
	Name, Slug, Platform string
	Err                  error
	FirstRun             bool
}

// NewService is the form of a new service, in the application or as the third
// step of the first run.
type NewService struct {
	layout.Chrome
	noParts
	Steps    Steps // nil outside the first run
	Action   string
	Fields   []ui.Field
	Problems []string
}

// NewNewService makes the form. Field names: name, slug, platform.
func NewNewService(c layout.Chrome, in NewServiceIn) NewService {
	c.Title, c.Section, c.Keys = "New service", layout.SectionServices, plainKeys
	m := NewService{Chrome: c, Action: "/services", Fields: []ui.Field{
		{
			Name: "name", Label: "Name", Type: "text", Value: in.Name, MaxLength: 80, Autofocus: true, Placeholder: "Checkout API",
			Hint: "What people call the program that sends its errors.",
		},
		{
			Name: "slug", Label: "Short name", Type: "text", Value: in.Slug, MaxLength: 50, Optional: true, Placeholder: "checkout-api",
			Hint: "Small letters, digits and hyphens, for links and searches. Made from the name when empty.",
		},
		{
			Name: "platform", Label: "Platform", Type: "select", Value: in.Platform, Options: platformOptions(),
			Hint: "Chooses the snippet on the next page.",
		},
	}}
	if in.FirstRun {
		m.Steps, m.Action = newSteps(StepService), "/setup/service"
	}
	m.Problems = formProblems(m.Fields, in.Err)
	return m
}
