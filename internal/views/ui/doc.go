// Package ui holds the small parts that pages are built from: values turned
// into words, and the components that show them. Nothing here knows a request
// or asks the time; a Moment is handed in.
package ui
