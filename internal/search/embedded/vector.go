package embedded

import "math"

// vector is a list of numbers, as narrow as the largest of them allows. It only
// grows, and what it once held is never changed: a copy of it stays good.
type vector struct {
	b8  []uint8
	b16 []uint16
	b32 []uint32 // exactly one is not nil
}

func newVector(room int) vector { return vector{b8: make([]uint8, 0, room)} }

// push appends a number.
func (v *vector) push(n uint32) {
	if v.b8 != nil && n > math.MaxUint8 {
		v.b16, v.b8 = widened[uint16](v.b8), nil
	}
	if v.b16 != nil && n > math.MaxUint16 {
		v.b32, v.b16 = widened[uint32](v.b16), nil
	}
	switch {
	case v.b8 != nil:
		v.b8 = append(v.b8, uint8(n)) //nolint:gosec // it fits
	case v.b16 != nil:
		v.b16 = append(v.b16, uint16(n)) //nolint:gosec // it fits
	default:
		v.b32 = append(v.b32, n)
	}
}

func widened[W, N uint8 | uint16 | uint32](narrow []N) []W {
	out := make([]W, len(narrow), cap(narrow))
	for i, n := range narrow {
		out[i] = W(n)
	}
	return out
}

func (v *vector) at(i int) uint32 {
	switch {
	case v.b8 != nil:
		return uint32(v.b8[i])
	case v.b16 != nil:
		return uint32(v.b16[i])
	}
	return v.b32[i]
}

// bytes is what the vector takes.
func (v *vector) bytes() int { return cap(v.b8) + 2*cap(v.b16) + 4*cap(v.b32) }

// gather reads the numbers of some rows.
func (v *vector) gather(rows []int32, to []uint32) {
	switch {
	case v.b8 != nil:
		gather(v.b8, rows, to)
	case v.b16 != nil:
		gather(v.b16, rows, to)
	default:
		gather(v.b32, rows, to)
	}
}

func gather[N uint8 | uint16 | uint32](numbers []N, rows []int32, to []uint32) {
	for i, r := range rows {
		to[i] = uint32(numbers[r])
	}
}

// keep leaves the rows whose number is wanted; wanted has an element for every
// number of the vector.
func (v *vector) keep(wanted []bool, rows bitset) {
	switch {
	case v.b8 != nil:
		keep(v.b8, wanted, rows)
	case v.b16 != nil:
		keep(v.b16, wanted, rows)
	default:
		keep(v.b32, wanted, rows)
	}
}

func keep[N uint8 | uint16 | uint32](numbers []N, wanted []bool, rows bitset) {
	for w, word := range rows {
		if word == 0 {
			continue
		}
		var good uint64
		for i, n := range numbers[w*64 : min(w*64+64, len(numbers))] {
			if wanted[n] {
				good |= 1 << i
			}
		}
		rows[w] = word & good
	}
}
