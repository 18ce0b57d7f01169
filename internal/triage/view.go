package triage

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"errata/internal/errata"
	"errata/internal/querylang"
	"errata/internal/store"
)

// Limits of saved views.
const (
	maxTitle     = 80  // characters of a title
	maxViews     = 100 // of one person
	maxParams    = 20  // of one view
	maxParamText = 500 // bytes of a parameter's name and value
	maxRecent    = 10  // queries remembered per page
)

// ViewForm is a view as somebody wants it. Query is canonical: it names no user
// but by hash. A Version of 0 overwrites whatever is there.
type ViewForm struct {
	Title, Page, Query string
	Params             map[string]string
	Visibility         errata.Visibility
	Team               string // short name, of a view for a team
	Version            int64
}

// SaveView keeps a view. One that others see needs view:share. Errors: invalid
// (view.title, view.query, view.params, view.visibility, view.team,
// view.too_many).
func (s *Service) SaveView(ctx context.Context, who errata.Actor, f ViewForm) (v errata.SavedView, err error) {
	if err := s.ownsViews(who); err != nil {
		return v, err
	}
	f.Title = clean(f.Title)
	now := s.Clock().UnixMicro()
	var ids store.IDs
	id := ids.Next()
	v = f.view(errata.SavedView{ID: id, Slug: viewSlug(f.Title, id), OwnerID: who.ID, Page: f.Page, Version: 1, CreatedAt: now, UpdatedAt: now})
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		if err := permitView(tx, who, v.ID, errata.ViewPrivate, v.Visibility); err != nil {
			return err
		}
		if err := f.check(); err != nil {
			return err
		}
		if v.TeamID, err = f.team(ctx, tx, who.ID); err != nil {
			return err
		}
		n, err := tx.CountViews(ctx, who.ID)
		if err != nil {
			return err
		}
		if n >= maxViews {
			return refuse("title", "view.too_many", "You have 100 saved views. Delete one first.")
		}
		return tx.CreateView(ctx, v)
	})
	return v, err
}

// ChangeView writes a view anew: its title, query, parameters and who sees it.
// Errors beside those of SaveView: not_found, forbidden (view.not_yours),
// conflict (view.changed).
func (s *Service) ChangeView(ctx context.Context, who errata.Actor, slug string, f ViewForm) (v errata.SavedView, err error) {
	f.Title = clean(f.Title)
	now := s.Clock().UnixMicro()
	err = s.Store.InTx(ctx, func(tx *store.Tx) error {
		old, err := s.viewToChange(ctx, tx, who, slug, f.Visibility, f.Version)
		if err != nil {
			return err
		}
		f.Page = old.Page
		v = f.view(old)
		v.UpdatedAt = now
		if err := f.check(); err != nil {
			return err
		}
		if v.TeamID, err = f.team(ctx, tx, v.OwnerID); err != nil {
			return err
		}
		done, err := tx.UpdateView(ctx, v)
		if err == nil && !done {
			return viewChanged()
		}
		v.Version++
		return err
	})
	return v, err
}

// DeleteView removes a view. Errors: not_found, forbidden (view.not_yours),
// conflict (view.changed).
func (s *Service) DeleteView(ctx context.Context, who errata.Actor, slug string, version int64) error {
	return s.Store.InTx(ctx, func(tx *store.Tx) error {
		v, err := s.viewToChange(ctx, tx, who, slug, errata.ViewPrivate, version)
		if err != nil {
			return err
		}
		return tx.DeleteView(ctx, v.ID)
	})
}

// MayChangeView says whether somebody may change or delete a view that they
// see: its owner, and of one that is shared also who manages accounts.
func (s *Service) MayChangeView(who errata.Actor, v errata.SavedView) bool {
	return v.OwnerID == who.ID && who.Human() || v.Visibility != errata.ViewPrivate && s.Decide(who, errata.UserManage, "") == nil
}

// viewToChange reads a view that the actor may change. A private one of
// somebody else is not found, whoever asks, nor one of a team that they are not
// in.
func (s *Service) viewToChange(ctx context.Context, tx *store.Tx, who errata.Actor, slug string, to errata.Visibility, version int64) (errata.SavedView, error) {
	if err := s.ownsViews(who); err != nil {
		return errata.SavedView{}, err
	}
	v, err := tx.ViewBySlug(ctx, slug)
	if err == nil && v.OwnerID != who.ID {
		err = sharedWith(ctx, tx, v, who.ID)
	}
	if err != nil {
		return v, err
	}
	if err := permitView(tx, who, v.ID, v.Visibility, to); err != nil {
		return v, err
	}
	switch {
	case !s.MayChangeView(who, v):
		const sentence = "Only who saved a view can change it."
		return v, errata.Because(errata.Forbidden, sentence, nil, errata.Detail{Reason: "view.not_yours", Message: sentence})
	case version != 0 && version != v.Version:
		return v, viewChanged()
	}
	return v, nil
}

// sharedWith refuses who does not see somebody else's view.
func sharedWith(ctx context.Context, tx *store.Tx, v errata.SavedView, userID string) error {
	in := v.Visibility == errata.ViewForAll
	if v.Visibility == errata.ViewForTeam {
		var err error
		if in, err = tx.HoldMember(ctx, v.TeamID, userID); err != nil {
			return err
		}
	}
	if !in {
		return errata.E(errata.NotFound, "There is no such view.", nil)
	}
	return nil
}

// team returns the id of the team that a view is for, "" = for none. The owner
// must be in it, and stays in it until the view is written.
func (f *ViewForm) team(ctx context.Context, tx *store.Tx, owner string) (string, error) {
	if f.Visibility != errata.ViewForTeam {
		return "", nil
	}
	t, err := tx.TeamBySlug(ctx, f.Team)
	held := false
	if err == nil {
		held, err = tx.HoldMember(ctx, t.ID, owner)
	}
	if err == nil && held || err != nil && errata.CodeOf(err) != errata.NotFound {
		return t.ID, err
	}
	return "", refuse("visibility", "view.team", "A view is shared with a team that its owner is in.")
}

func viewChanged() error {
	const sentence = "The view has been changed in the meantime."
	return errata.Because(errata.Conflict, sentence, nil, errata.Detail{Reason: "view.changed", Message: sentence})
}

// ownsViews refuses who has no account to keep something in.
func (s *Service) ownsViews(who errata.Actor) error {
	if who.Human() {
		return nil
	}
	return errata.E(errata.Forbidden, "Views are kept by people.", nil)
}

// permitView asks for the rights: to save, and when others come to see the view,
// or no longer do, to share.
func permitView(tx *store.Tx, who errata.Actor, id string, from, to errata.Visibility) error {
	on := errata.Resource{Name: "view:" + id}
	line, err := tx.Permit(who, errata.ViewSave, on)
	if err != nil {
		return err
	}
	line.Detail("visibility", string(to))
	if to != errata.ViewPrivate || from != errata.ViewPrivate {
		_, err = tx.Permit(who, errata.ViewShare, on)
	}
	return err
}

func (f *ViewForm) view(v errata.SavedView) errata.SavedView {
	v.Title, v.Query, v.Params, v.Visibility = f.Title, f.Query, f.Params, f.Visibility
	return v
}

var visibilities = []errata.Visibility{errata.ViewPrivate, errata.ViewForTeam, errata.ViewForAll}

func (f *ViewForm) check() error {
	switch {
	case f.Title == "":
		return refuse("title", "view.title", "Give the view a name.")
	case utf8.RuneCountInString(f.Title) > maxTitle || strings.ContainsFunc(f.Title, unicode.IsControl):
		return refuse("title", "view.title", "A name is one line of at most 80 characters.")
	case !slices.Contains(visibilities, f.Visibility):
		return refuse("visibility", "view.visibility", "A view is for you, for a team or for everybody.")
	case f.Page != "issues" && f.Page != "events", len(f.Params) > maxParams:
		return refuse("params", "view.params", "A view belongs to the issues or the events, with at most 20 parameters.")
	}
	for name, value := range f.Params {
		if !viewParam(name) || len(name)+len(value) > maxParamText {
			return refuse("params", "view.params", "A parameter of the view cannot be kept.")
		}
	}
	return f.checkQuery()
}

// viewParam says whether a view may keep a parameter of that name: not what it
// keeps elsewhere, nor a place in a list.
func viewParam(name string) bool {
	return name != "" && !slices.Contains([]string{"q", "cursor", "view", "edit"}, name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
}

// checkQuery refuses what no page could have sent: a text that is not canonical,
// or that names a user other than by hash.
func (f *ViewForm) checkQuery() error {
	x, _, err := querylang.Parse(f.Query)
	plain := false
	querylang.Each(x, func(l *querylang.Leaf) {
		for _, v := range l.Values {
			plain = plain || l.Key.Name == "user" && v.Kind != querylang.Present && !strings.HasPrefix(v.Raw, "~")
		}
	})
	if err != nil || plain || querylang.Print(x) != f.Query {
		return refuse("query", "view.query", "The search cannot be kept as it is written.")
	}
	return nil
}

// viewSlug is the view's place in addresses: its title, and enough of its id
// that nobody learns whether another view has the same title.
func viewSlug(title, id string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	return strings.Trim(b.String()+"-"+id[len(id)-8:], "-")
}

// recentKey is where the preferences of a person hold their recent queries, by
// page. The rest of the preferences is kept as it is.
const recentKey = "recent"

// Remember keeps a canonical query as the newest of a page's, for suggestions.
// It is nobody else's business, so the audit has no line of it.
func (s *Service) Remember(ctx context.Context, who errata.Actor, page, query string) error {
	f := ViewForm{Title: "recent", Page: page, Query: query, Visibility: errata.ViewPrivate}
	if err := s.ownsViews(who); err != nil {
		return err
	}
	if err := f.check(); err != nil || query == "" {
		return err
	}
	return s.Store.InTx(ctx, func(tx *store.Tx) error {
		tx.System("preferences")
		text, err := tx.Preferences(ctx, who.ID)
		if err != nil {
			return err
		}
		prefs, recent := readPreferences(text)
		list := slices.DeleteFunc(recent[page], func(q string) bool { return q == query })
		recent[page] = append([]string{query}, list[:min(len(list), maxRecent-1)]...)
		if prefs[recentKey], err = json.Marshal(recent); err != nil {
			return err
		}
		out, err := json.Marshal(prefs)
		if err != nil {
			return err
		}
		return tx.SetPreferences(ctx, who.ID, string(out))
	})
}

// Recent returns the queries that somebody asked last on a page, newest first.
func (s *Service) Recent(ctx context.Context, who errata.Actor, page string) (out []string, err error) {
	if !who.Human() {
		return nil, nil
	}
	err = s.Store.View(ctx, func(tx *store.Tx) error {
		text, err := tx.Preferences(ctx, who.ID)
		_, recent := readPreferences(text)
		out = recent[page]
		return err
	})
	return out, err
}

// readPreferences reads what was written here; what cannot be read is left out.
func readPreferences(text string) (prefs map[string]json.RawMessage, recent map[string][]string) {
	prefs, recent = map[string]json.RawMessage{}, map[string][]string{}
	if json.Unmarshal([]byte(text), &prefs) != nil || prefs == nil {
		prefs = map[string]json.RawMessage{}
	}
	if raw, ok := prefs[recentKey]; ok && json.Unmarshal(raw, &recent) != nil || recent == nil {
		recent = map[string][]string{}
	}
	return prefs, recent
}
