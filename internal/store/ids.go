package store

import "github.com/google/uuid"

// IDs hands out new ids (UUIDv7) to what a transaction makes. Rewound at its
// beginning, it hands out the same ones when the transaction runs again.
type IDs struct {
	made []string
	used int
}

// Rewind begins anew with the ids that were handed out before.
func (s *IDs) Rewind() { s.used = 0 }

// Next returns an id that was not returned since Rewind.
func (s *IDs) Next() string {
	if s.used == len(s.made) {
		s.made = append(s.made, uuid.Must(uuid.NewV7()).String())
	}
	s.used++
	return s.made[s.used-1]
}
