package embedded

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPack(t *testing.T) {
	c, err := newCodec(nil)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("0123456789", 3000)
	for _, tc := range []struct {
		name    string
		face    face
		payload string
	}{
		{"empty face", face{pairs: []string{}}, "{}"},
		{"face", face{title: "Überlauf: x", ip: "::1", pairs: []string{"os=iOS", "tags.a=b=c", ""}}, `{"a":1}`},
		{"large payload", face{title: "t", pairs: []string{"os=iOS"}}, long},
		{"edge of large", face{title: "t", pairs: []string{"os=iOS"}}, long[:largePayload]},
		{"no payload", face{title: "t", pairs: []string{"k=v"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			head, z := c.pack(tc.face, []byte(tc.payload))
			f, payload, err := c.unpack(head, z)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(payload, []byte(tc.payload)) {
				t.Errorf("payload %.100q", payload)
			}
			alone, err := c.unpackFace(head, z)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.unpackFace(c.pack(face{title: "another", pairs: []string{"a=b"}}, nil)); err != nil {
				t.Fatal(err)
			}
			for _, got := range []face{f, alone} {
				if diff := cmp.Diff(tc.face, got, cmp.AllowUnexported(face{})); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func FuzzFace(f *testing.F) {
	f.Add([]byte{})
	f.Add(face{title: "a", ip: "b", pairs: []string{"c=d"}}.append(nil))
	f.Add([]byte{2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, rest, err := parseFace(b)
		if err != nil {
			return
		}
		again, rest2, err := parseFace(append(got.append(nil), rest...))
		if err != nil || !bytes.Equal(rest, rest2) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again, cmp.AllowUnexported(face{})); diff != "" {
			t.Error(diff)
		}
	})
}
