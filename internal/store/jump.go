package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"errata/internal/errata"
)

// JumpAmong is how many issues, those seen last, JumpIssues looks through.
const JumpAmong = 10_000

// JumpIssues returns the issues seen last whose words contain every token, the
// last one as the beginning of a word; at most limit, the newest first. It
// looks through the newest JumpAmong issues of the scope, so that it is quick
// also when there is none.
func (tx *Tx) JumpIssues(ctx context.Context, in Scope, tokens []string, limit int) (out []errata.Issue, err error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	q := &query{}
	q.text(`SELECT id FROM (SELECT id, last_seen, words FROM issue WHERE `)
	q.issueScope(in)
	q.text(` ORDER BY last_seen DESC, id DESC LIMIT `, strconv.Itoa(JumpAmong), `) AS newest WHERE 1 = 1`)
	for n, t := range tokens {
		pattern := likePhrase([]string{t})
		if n == len(tokens)-1 {
			pattern = strings.TrimSuffix(pattern, ` %`) + `%`
		}
		q.text(` AND words LIKE `, q.arg(pattern), ` ESCAPE '\'`)
	}
	q.text(` ORDER BY last_seen DESC, id DESC LIMIT `, q.arg(limit))
	var ids []string
	err = tx.rowsOnce(ctx, q.String(), q.args, func(r scanner) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err := tx.IssuesByID(ctx, slices.Clone(ids))
	for _, id := range ids {
		out = append(out, rows[id])
	}
	return out, err
}
