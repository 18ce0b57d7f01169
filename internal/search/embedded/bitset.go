package embedded

import "math/bits"

// bitset is a set of the rows of a file: bit i is row id i.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

// fullBitset has the first n rows.
func fullBitset(n int) bitset {
	b := newBitset(n)
	b.not(n)
	return b
}

func (b bitset) add(i int)    { b[i>>6] |= 1 << (i & 63) }
func (b bitset) remove(i int) { b[i>>6] &^= 1 << (i & 63) }

// and keeps what is in both.
func (b bitset) and(o bitset) {
	for i := range b {
		b[i] &= o[i]
	}
}

// or adds what is in o.
func (b bitset) or(o bitset) {
	for i := range b {
		b[i] |= o[i]
	}
}

// not turns the set into its complement among the first n rows.
func (b bitset) not(n int) {
	for i := range b {
		b[i] = ^b[i]
	}
	b.clip(n)
}

// clip keeps the first n rows; the set has no words beyond them.
func (b bitset) clip(n int) {
	if rest := n & 63; rest != 0 {
		b[len(b)-1] &= 1<<rest - 1
	}
}

func (b bitset) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

func (b bitset) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// rows appends the rows of the words from first up to last.
func (b bitset) rows(to []int32, first, last int) []int32 {
	for w := first; w < min(last, len(b)); w++ {
		for word := b[w]; word != 0; word &= word - 1 {
			to = append(to, int32(w<<6+bits.TrailingZeros64(word))) //nolint:gosec // row ids of one file
		}
	}
	return to
}
