package ui

import "errata/internal/errata"

// Person is somebody as pages name them.
type Person struct{ Name, Login, Initials, Tone string }

// NewPerson names somebody; an account that is not known any more is a former
// account.
func NewPerson(p errata.Person) Person {
	name := p.Name
	if name == "" {
		name = p.Login
	}
	if name == "" {
		return Person{Name: "Former account", Initials: "–"}
	}
	return Person{Name: Clip(name, 80), Login: p.Login, Initials: Initials(name), Tone: AvatarTone(name)}
}

// AvatarTone spreads people over the tones of avatars.
func AvatarTone(name string) string {
	tones := []string{"", "b", "c", "d", "e"}
	sum := 0
	for _, r := range name {
		sum += int(r)
	}
	return tones[sum%len(tones)]
}

// Toast is what an act came to, said for a moment. Tone: "" (done), warn, bad.
type Toast struct {
	Text, Tone string
	Undo       *Undo // nil: there is nothing to undo, or it has no undo
}

// Undo is the form that takes an act back: its address, the version that the
// act made, and the page to return to.
type Undo struct{ URL, Version, Next string }

func (t Toast) icon() string {
	if t.Tone == "" {
		return "circle-check"
	}
	return noticeIcon(t.Tone)
}
