// Package jsonx reads JSON written by strangers: bounded, forgiving where known
// clients err, and without building a tree of maps.
package jsonx

import (
	"sync"
)

// Kind says what a Value is.
type Kind uint8

// The kinds. Absent is the zero Value: a member that is not there.
const (
	Absent Kind = iota
	Null
	False
	True
	Number
	Text
	List
	Object
)

// Limits bound a document; zero means unbounded.
type Limits struct {
	Depth     int // levels of nesting; beyond: too_deep
	Keys      int // members of all objects together; beyond: too_many_keys
	PerObject int // members kept per object; the rest is counted and left out
	PerList   int // entries kept per list; the rest is counted and left out
}

// Doc is one parsed document. Values and their texts share its memory: texts
// stay valid for ever, Values until Release.
type Doc struct {
	raw   []byte
	src   string
	nodes []node
	open  []frame
	keys  int
	lim   Limits
	utf8  bool // all of src is valid UTF-8

	BOM      bool // a byte order mark was cut off
	Retried  bool // bare NaN or Infinity was read as null
	Repeated int  // members dropped because a later one had the same key
}

// node is one value or one member name. The nodes of a container follow it:
// names and values in turn, each value with its own nodes behind it.
type node struct {
	start, end uint32 // in src; of texts without their quotes
	next       uint32 // index of the node behind this value
	kept, lost uint32 // entries of a container
	kind       Kind
	escaped    bool // a text with a backslash
	dead       bool // a member name that a later one replaced
}

// frame is a container that is still open.
type frame struct {
	node   uint32
	mark   uint32 // where the nodes of the current entry begin
	kept   uint32
	lost   uint32
	object bool
	name   bool // the next text is a member name
}

var docs = sync.Pool{New: func() any { return new(Doc) }}

// keepNodes bounds what a pooled document holds on to, about 1.5 MiB.
const keepNodes = 1 << 16

// Release gives the document's memory back. Its Values must not be used
// afterwards; texts taken from them may.
func (d *Doc) Release() {
	if cap(d.nodes) > keepNodes {
		return
	}
	*d = Doc{nodes: d.nodes[:0], open: d.open[:0]}
	docs.Put(d)
}

// Root returns the document's value.
func (d *Doc) Root() Value { return Value{d, 0} }
