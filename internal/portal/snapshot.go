package portal

// Snapshot is what Links may be as well: a source of which every reading is complete, whatever was asked
// for. It knows of no changes; what is not in a reading is not linked.
type Snapshot interface {
	// Complete tells that it is so.
	Complete() bool
}
