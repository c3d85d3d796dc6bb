// Command foreign reads what our trail says with software of somebody else: golang.org/x/mod's sumdb/note
// (signed checkpoints) and sumdb/tlog (proofs).
//
// In, as JSON on standard input: the log's verifier key, a signed checkpoint, entries with their inclusion
// proofs, and perhaps an earlier checkpoint with a consistency proof. Exit status 0 if all of it holds.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type claim struct {
	Key        string      `json:"key"`
	Checkpoint string      `json:"checkpoint"`
	Entries    []entry     `json:"entries"`
	Earlier    string      `json:"earlier"`
	Proof      []tlog.Hash `json:"proof"`
}

type entry struct {
	Leaf     string      `json:"leaf"`
	Position int64       `json:"position"`
	Proof    []tlog.Hash `json:"proof"`
}

func main() {
	if err := check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check() error {
	var said claim
	if err := json.NewDecoder(os.Stdin).Decode(&said); err != nil {
		return err
	}
	size, root, err := open(said.Checkpoint, said.Key)
	if err != nil {
		return err
	}
	for _, one := range said.Entries {
		hash := tlog.RecordHash([]byte(one.Leaf))
		if err := tlog.CheckRecord(one.Proof, size, root, one.Position, hash); err != nil {
			return fmt.Errorf("entry %d: %w", one.Position, err)
		}
	}
	if said.Earlier == "" {
		return nil
	}
	before, old, err := open(said.Earlier, said.Key)
	if err != nil {
		return err
	}
	return tlog.CheckTree(said.Proof, size, root, before, old)
}

// open gives the size and root of a checkpoint that the log signed (C2SP tlog-checkpoint).
func open(text, key string) (int64, tlog.Hash, error) {
	var root tlog.Hash
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return 0, root, err
	}
	signed, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return 0, root, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return 0, root, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, root, err
	}
	root, err = tlog.ParseHash(lines[2])
	return size, root, err
}
