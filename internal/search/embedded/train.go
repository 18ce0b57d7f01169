package embedded

import (
	"context"
	"log/slog"
)

// train makes the file's dictionary beside the writer, which goes on packing
// without one, and stores it as soon as it is there.
func (e *Engine) train(p *partition, samples [][]byte) {
	e.background.Go(func() {
		dict, err := train(samples)
		if err != nil {
			e.log.Info("event file goes without dictionary", slog.String("file", fileOf(p)), slog.Any("error", err))
			return
		}
		pack, err := newCodec(dict)
		if err != nil {
			e.log.Error("dictionary refused", slog.String("file", fileOf(p)), slog.Any("error", err))
			return
		}
		err = e.submit(context.Background(), &job{do: func(w *writer) error { return w.setDict(p, dict, pack) }})
		if err != nil {
			e.log.Info("dictionary not stored", slog.String("file", fileOf(p)), slog.Any("error", err))
		}
	})
}

// setDict stores the dictionary, then packs with it: no frame may need a
// dictionary that is not on disk. A file that has one keeps it for good: there
// are frames that need it.
func (w *writer) setDict(p *partition, dict []byte, pack *codec) error {
	f, err := w.file(p)
	if err != nil {
		return err
	}
	has, err := f.hasDict()
	if err != nil || has {
		return err
	}
	if err := f.transaction(func() error { return f.setMeta(metaDict, dict) }); err != nil {
		return err
	}
	p.setCodec(pack)
	return nil
}
