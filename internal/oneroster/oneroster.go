package oneroster

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/oneroster/bulk"
)

// BadReadError says that a reading cannot be relied on, where and why, and what to do. Such a
// reading changes nothing.
type BadReadError = bulk.BadReadError

// Fingerprint is cheap (names, sizes and times of change) and differs when any file of the feed
// has changed. The location is a folder or a .zip file.
func Fingerprint(location string) (string, error) { return bulk.Fingerprint(location) }

// UnreadableFingerprint stands for the fingerprint of a location where there is no feed to be
// found: a state like any other.
const UnreadableFingerprint = "unreadable"

// Receipt is what is remembered of an accepted reading, to judge the next one by: per file
// its rows, size and hashes. It holds no contents and is stored as JSON.
type Receipt struct {
	Files map[string]bulk.FileReceipt `json:"files"`
}

// Options refine a reading.
type Options struct {
	// Last is the receipt of the last accepted reading, nil before the first.
	Last *Receipt
	// AcceptDrop says that somebody has looked, and that what is there no longer is really
	// gone: the reading is not compared with the last one.
	AcceptDrop bool
	// MaxFileSize bounds each file, unpacked, in bytes; 0 is bulk.DefaultMaxFileSize.
	MaxFileSize int64
}

// Read reads a feed from a folder or a .zip file. The error is a BadReadError where the files
// cannot be relied on, or the context's own.
func Read(ctx context.Context, location string, o Options) (*Feed, error) {
	set, err := bulk.Open(location)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	set.MaxFileSize = cmp.Or(o.MaxFileSize, set.MaxFileSize)
	set.Unlisted = ownFiles()
	manifest, err := set.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	l := newLoader()
	r := reading{set: set, manifest: manifest, receipts: map[string]bulk.FileReceipt{}}
	for _, s := range l.sources() {
		if err := r.read(ctx, s); err != nil {
			return nil, err
		}
	}
	if err := manifest.CheckUnread(ctx, r.receipts); err != nil {
		return nil, err
	}
	if err := set.Unchanged(); err != nil {
		return nil, err
	}
	// Calls come and go by their nature: that there are fewer than before says nothing.
	receipt, cut, err := judge(lo.OmitByKeys(r.receipts, ownFiles()), o)
	if err != nil {
		return nil, err
	}
	counts := lo.MapValues(r.receipts, func(x bulk.FileReceipt, _ string) int { return x.Rows })
	return l.feed(receipt, counts, cut), nil
}

type reading struct {
	set      *bulk.Set
	manifest bulk.Manifest
	receipts map[string]bulk.FileReceipt
}

func (r reading) read(ctx context.Context, s source) error {
	if !r.manifest.Has(s.File) {
		if s.optional {
			return nil
		}
		return &BadReadError{File: s.File, Problem: "the manifest says that the file is absent, and it is needed", Advice: "include it in the export"}
	}
	receipt, err := r.set.Rows(ctx, s.Table, func(cells bulk.Row) error {
		s.load(row{Row: cells, file: s.File})
		return nil
	})
	if err != nil {
		return err
	}
	if receipt.Rows == 0 && !s.optional {
		return &BadReadError{File: s.File, Problem: "the file has only a header", Advice: "export the files again"}
	}
	r.receipts[s.File] = receipt
	return nil
}

// judge compares what was read with the last accepted reading: the receipt to keep, and the
// files that lost their end. Of such a file the receipt of the whole version is kept, so that
// reading it again finds the same.
func judge(now map[string]bulk.FileReceipt, o Options) (Receipt, []string, error) {
	if o.Last == nil || o.AcceptDrop {
		return Receipt{Files: now}, nil, nil
	}
	keep := Receipt{Files: map[string]bulk.FileReceipt{}}
	var cut []string
	for file, receipt := range now {
		keep.Files[file] = receipt
		if receipt.CutFrom(o.Last.Files[file]) {
			keep.Files[file] = o.Last.Files[file]
			cut = append(cut, file)
		}
	}
	slices.Sort(cut)
	for _, file := range slices.Sorted(maps.Keys(o.Last.Files)) {
		receipt, ok := now[file]
		if !ok {
			return Receipt{}, nil, &BadReadError{
				File: file, Problem: "the file is absent, and was there at the last accepted reading",
				Advice: "export it again, or, if this is right, accept the drop",
			}
		}
		if err := receipt.Compare(file, o.Last.Files[file]); err != nil {
			return Receipt{}, nil, err
		}
	}
	return keep, cut, nil
}
