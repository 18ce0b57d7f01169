package embedded

import (
	"context"
	"errors"
	"log/slog"
)

// train makes the file's dictionary beside the writer, which goes on packing
// without one, and stores it as soon as it is there.
func (e *Engine) train(p *partition, samples [][]byte) {
	erasures := p.erasures
	e.background.Go(func() {
		dict, err := train(samples, firstDict)
		if err != nil {
			e.log.Info("event file goes without dictionary", slog.String("file", fileOf(p)), slog.Any("error", err))
			return
		}
		pack, err := newCodec(dict)
		if err != nil {
			e.log.Error("dictionary refused", slog.String("file", fileOf(p)), slog.Any("error", err))
			return
		}
		err = e.submit(context.Background(), &job{do: func(w *writer) error { return w.setDict(p, dict, pack, erasures) }})
		if err != nil {
			e.log.Info("dictionary not stored", slog.String("file", fileOf(p)), slog.Any("error", err))
		}
	})
}

// setDict stores the dictionary, then packs with it: no frame may need a
// dictionary that is not on disk. A file that has one keeps it for good: there
// are frames that need it. One that may hold bytes of rows erased meanwhile is
// dropped.
func (w *writer) setDict(p *partition, dict []byte, pack *codec, erasures int64) error {
	f, err := w.file(p)
	if err != nil {
		return err
	}
	has, err := f.hasDict()
	if err != nil || has {
		return err
	}
	if p.erasures != erasures {
		p.training = false
		return f.loadSamples()
	}
	err = f.transaction(func() error {
		return errors.Join(f.setMeta(metaDict, dict), f.setMeta(metaSampled, f.next-1))
	})
	if err != nil {
		return err
	}
	p.setCodec(pack)
	return nil
}
