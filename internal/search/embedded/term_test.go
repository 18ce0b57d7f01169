package embedded

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitFrames(t *testing.T) {
	for _, c := range []struct{ name, all, before, frames, after string }{
		{"none", "", "", "", ""},
		{"no frames", "env=a os=b", "env=a", "", "os=b"},
		{"only frames", "frame=a frame=b", "", "frame=a frame=b", ""},
		{"between", "env=a frame=a frame=b frames=x os=b", "env=a", "frame=a frame=b", "frames=x os=b"},
		{"alike", "frame.x=1 frame=", "frame.x=1", "frame=", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, frames, after := splitFrames(strings.Fields(c.all))
			got := []string{strings.Join(before, " "), strings.Join(frames, " "), strings.Join(after, " ")}
			if diff := cmp.Diff([]string{c.before, c.frames, c.after}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTerms(t *testing.T) {
	text, keep := terms([]string{"env=a", "os=ios"}, []string{"tags.k=v=w", "trace=7f", "user=ab"}, []string{"env", "os", "tags.k"})
	want := string(appendToken(nil, hashTerm("os=ios"))) + " " + string(appendToken(nil, hashTerm("tags.k=v=w"))) + " " + string(appendToken(nil, hashTerm("trace=7f"))) + " " +
		string(appendToken(nil, hashTerm("user=ab"))) + " " + string(appendToken(nil, hashHas("os"))) + " " + string(appendToken(nil, hashHas("tags.k"))) + " "
	if text != want {
		t.Errorf("text %q, want %q", text, want)
	}
	var kept []string
	for _, k := range keep {
		kept = append(kept, k.text)
	}
	if diff := cmp.Diff([]string{"os=ios", "tags.k=v=w"}, kept); diff != "" {
		t.Error(diff)
	}
	for _, b := range []byte(text) {
		if b < 0x80 && b != ' ' {
			t.Fatalf("byte %#x is no letter to the ascii tokenizer", b)
		}
	}
}

// TestHashesStay pins the hashes that files on disk hold.
func TestHashesStay(t *testing.T) {
	if got := hashTerm("tags.region=eu-north-1"); got != 0x5b296033ec0bb31e {
		t.Errorf("hashTerm %#x", got)
	}
	if got := hashStack("main go 7", []string{"frame=main"}); got != 0x3a2d9fd853806621 {
		t.Errorf("hashStack %#x", got)
	}
	if hashStack("", nil) != 0 || hashStack("a", []string{"b"}) == hashStack("a", []string{"b", ""}) {
		t.Error("stacks that differ share a hash")
	}
}
