// Package store keeps what must be counted exactly (people, projects, issues,
// counters, the ledger of applied events) in SQLite or PostgreSQL. It is the
// only package that holds SQL of this schema; one text serves both databases.
//
// Reading is View: one snapshot for a whole page. Writing is InTx: the closure
// may run twice, so it touches only the Tx, and every id, random value and time
// of the act is made before and passed in. A transaction that wrote without
// Tx.Permit or Tx.System is refused with ErrUnaudited.
//
// Times are microseconds since 1970 UTC; hours and quarters are the
// microseconds at which they start, days are days since 1970.
//
// # One batch of events
//
// The worker calls, in one InTx and in this order, so that a batch that comes
// twice or meets another worker counts once:
//
//	first := ApplyBatch(batch id)           a known batch changes no counter
//	known := Applied(event keys)            they count no more
//	homes := Fingerprints(keys)             issue of each fingerprint
//	won   := ClaimFingerprints(the unknown) a lost claim is read again with Fingerprints
//	fresh := InsertApplied(the unknown events, with the issue of their fingerprint)
//	         ReleaseFingerprints(won, but without a fresh event)
//	issues := IssuesByID(the issues that are not new)
//	newcomers := AddIssueUsers(of the fresh events)
//	         Issue.Witness for each fresh event
//	         Next("issue:<project>"), CreateIssue, CreateEpisode, CreateTransition for each new issue
//	now   := UpdateIssues(the others)       counts, and locks their rows
//	         Step.Event for each fresh event
//	         UpdateIssueState, CreateEpisode or AddEpisodeEvents, CreateTransition
//	         AddIssueHours, AddIssueEnvs, AddIssueReleases, SeeReleases,
//	         AddProjectQuarters, AddOutcomes
//
// Every method sorts its rows by key, so two workers meet in the same order;
// when they deadlock nevertheless, one of them runs again.
package store
