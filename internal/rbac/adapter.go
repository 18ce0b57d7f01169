package rbac

import (
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
)

// adapter hands casbin the lines of one action. It saves nothing: lines are
// written by the store, in the transaction that permits and audits it.
type adapter struct{ lines [][]string }

var _ persist.Adapter = (*adapter)(nil)

// LoadPolicy gives the lines to a model.
func (a *adapter) LoadPolicy(m model.Model) error {
	for _, l := range a.lines {
		if err := persist.LoadPolicyArray(l, m); err != nil {
			return err
		}
	}
	return nil
}

// SavePolicy is not used.
func (*adapter) SavePolicy(model.Model) error { return errNotUsed }

// AddPolicy is not used.
func (*adapter) AddPolicy(string, string, []string) error { return errNotUsed }

// RemovePolicy is not used.
func (*adapter) RemovePolicy(string, string, []string) error { return errNotUsed }

// RemoveFilteredPolicy is not used.
func (*adapter) RemoveFilteredPolicy(string, string, int, ...string) error { return errNotUsed }
