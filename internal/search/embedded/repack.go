package embedded

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/klauspost/compress/zstd"
)

// A dictionary holds bytes of the events it was trained on. When one of them
// is erased, the file gets another one and its bodies are packed again.

// repackAtOnce is how many bodies one transaction packs again.
const repackAtOnce = 500

// repack replaces the dictionary of a file if it must go. It goes on where an
// earlier call was cut short.
func (e *Engine) repack(ctx context.Context, p *partition) error {
	var needed, begun bool
	var bodies []body
	err := e.reading(ctx, p, func(q queryer) error {
		err := q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM meta WHERE k = ? AND v = 1), EXISTS (SELECT 1 FROM meta WHERE k = ?)", metaRepack, metaOldDict).Scan(&needed, &begun)
		if err != nil || !needed || begun {
			return err
		}
		c := compiler{ctx: ctx, q: q}
		ids, err := c.ids("SELECT id FROM body WHERE f IS NULL ORDER BY id LIMIT ?", dictAfter)
		if err == nil && len(ids) > 0 {
			bodies, err = readBodies(ctx, q, ids)
		}
		return err
	})
	if err != nil || !needed {
		return err
	}
	if !begun {
		if err := e.beginRepack(ctx, p, bodies); err != nil {
			return err
		}
	}
	for after := int64(0); after >= 0; {
		err := e.submit(ctx, &job{do: func(w *writer) error {
			return w.change(p, func(f *file) (err error) { after, err = f.repackSome(after); return err })
		}})
		if err != nil {
			return err
		}
	}
	return e.submit(ctx, &job{do: func(w *writer) error { return w.endRepack(p) }})
}

// beginRepack trains a dictionary on what is left and puts it in place; the one
// before stays until nothing needs it. A file with too little left to train on
// goes without.
func (e *Engine) beginRepack(ctx context.Context, p *partition, bodies []body) error {
	pack, err := p.packer()
	if err != nil {
		return err
	}
	var samples [][]byte
	for i := range bodies {
		b, err := pack.dec.DecodeAll(bodies[i].z, nil)
		if err != nil {
			return err
		}
		samples = append(samples, b)
	}
	return e.submit(ctx, &job{do: func(w *writer) error {
		return w.replaceDict(p, func(id uint32) []byte {
			if len(samples) < dictAfter {
				return nil
			}
			dict, err := train(samples, id)
			if err != nil {
				return nil
			}
			return dict
		})
	}})
}

func (w *writer) replaceDict(p *partition, train func(id uint32) []byte) error {
	var old, dict []byte
	err := w.change(p, func(f *file) error {
		err := f.query(func(dest []driver.Value) error { old, _ = dest[0].([]byte); return nil }, "SELECT v FROM meta WHERE k = ?", metaDict)
		if err != nil {
			return err
		}
		dict = train(dictID(old) + 1)
		err = errors.Join(f.run("DELETE FROM meta WHERE k = ?", metaDict), f.setMeta(metaOldDict, old), f.setMeta(metaSampled, f.next-1))
		if err != nil || dict == nil {
			return err
		}
		return f.setMeta(metaDict, dict)
	})
	if err != nil {
		return err
	}
	pack, err := newCodec(dict, old)
	if err == nil {
		p.setCodec(pack)
	}
	return err
}

// dictID returns the number of a dictionary, 0 of none.
func dictID(dict []byte) uint32 {
	d, err := zstd.InspectDictionary(dict)
	if err != nil {
		return 0
	}
	return d.ID()
}

// repackSome packs the bodies behind a row again, as far as they need the old
// dictionary, and returns the row it came to, -1 at the end.
func (f *file) repackSome(after int64) (int64, error) {
	pack, err := f.p.packer()
	if err != nil {
		return 0, err
	}
	old, err := f.oldDict()
	if err != nil {
		return 0, err
	}
	var bodies []body
	err = f.query(func(dest []driver.Value) error {
		var b body
		b.id, _ = dest[0].(int64)
		b.head, _ = dest[1].([]byte)
		b.z, _ = dest[2].([]byte)
		bodies = append(bodies, b)
		return nil
	}, "SELECT id, f, z FROM body WHERE id > ? ORDER BY id LIMIT ?", after, int64(repackAtOnce))
	if err != nil || len(bodies) == 0 {
		return -1, err
	}
	for _, b := range bodies {
		head, err1 := pack.again(b.head, old)
		z, err2 := pack.again(b.z, old)
		if err := errors.Join(err1, err2); err != nil {
			return 0, err
		}
		var h driver.Value
		if head != nil {
			h = head
		}
		if err := f.run("UPDATE body SET f = ?, z = ? WHERE id = ?", h, z, b.id); err != nil {
			return 0, err
		}
	}
	return bodies[len(bodies)-1].id, nil
}

func (f *file) oldDict() (id uint32, err error) {
	err = f.query(func(dest []driver.Value) error {
		b, _ := dest[0].([]byte)
		id = dictID(b)
		return nil
	}, "SELECT v FROM meta WHERE k = ?", metaOldDict)
	return id, err
}

// again packs a frame anew if it needs the dictionary of that number.
func (c *codec) again(frame []byte, old uint32) ([]byte, error) {
	var h zstd.Header
	if frame == nil {
		return nil, nil
	}
	if err := h.Decode(frame); err != nil || h.DictionaryID != old || old == 0 {
		return frame, err
	}
	b, err := c.dec.DecodeAll(frame, nil)
	if err != nil {
		return nil, err
	}
	return c.enc.EncodeAll(b, nil), nil
}

// endRepack forgets the old dictionary.
func (w *writer) endRepack(p *partition) error {
	var dict []byte
	err := w.change(p, func(f *file) error {
		err := f.query(func(dest []driver.Value) error { dict, _ = dest[0].([]byte); return nil }, "SELECT v FROM meta WHERE k = ?", metaDict)
		return errors.Join(err, f.run("DELETE FROM meta WHERE k = ?", metaOldDict), f.setMeta(metaRepack, int64(0)))
	})
	if err != nil {
		return err
	}
	pack, err := newCodec(dict)
	if err == nil {
		p.setCodec(pack)
	}
	return err
}
