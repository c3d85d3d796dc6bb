// Command foreign reads what our trail says with software of somebody else: golang.org/x/mod's sumdb/note
// (signed checkpoints) and sumdb/tlog (proofs).
//
// With the name of an export (docs/export-format.md): whether its lines are those of its checkpoint, all of
// them or each by its proof.
//
// Without, as JSON on standard input: the log's verifier key, a signed checkpoint, entries with their inclusion
// proofs, and perhaps an earlier checkpoint with a consistency proof. Exit status 0 if all of it holds.
package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
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
	work := check
	if len(os.Args) == 2 {
		work = func() error { return export(os.Args[1]) }
	}
	if err := work(); err != nil {
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

type line struct {
	Position int64           `json:"position"`
	Leaf     json.RawMessage `json:"leaf"`
}

// export checks a whole log against its hashes, and these against its root; a selection line by line.
func export(path string) error {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer archive.Close()
	keys, err := member(archive, "keys")
	if err != nil {
		return err
	}
	checkpoint, err := member(archive, "checkpoint")
	if err != nil {
		return err
	}
	size, root, err := open(string(checkpoint), strings.SplitN(string(keys), "\n", 2)[0])
	if err != nil {
		return err
	}
	raw, err := member(archive, "entries.jsonl")
	if err != nil {
		return err
	}
	proofs, err := member(archive, "proofs")
	if err == nil {
		return selection(raw, proofs, size, root)
	}
	hashes, err := member(archive, "hashes")
	if err != nil {
		return err
	}
	return whole(raw, hashes, size, root)
}

func whole(raw, hashes []byte, size int64, root tlog.Hash) error {
	if int64(len(hashes)) != size*tlog.HashSize {
		return fmt.Errorf("%d bytes of hashes for %d entries", len(hashes), size)
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(places))
		for i, place := range places {
			found[i] = stored[place]
		}
		return found, nil
	})
	for i := int64(0); i < size; i++ {
		var one tlog.Hash
		copy(one[:], hashes[i*tlog.HashSize:])
		more, err := tlog.StoredHashesForRecordHash(i, one, reader)
		if err != nil {
			return err
		}
		stored = append(stored, more...)
	}
	made, err := tlog.TreeHash(size, reader)
	if err != nil || made != root {
		return fmt.Errorf("the hashes are not those of the checkpoint: %v", err)
	}
	return each(raw, func(one line) error {
		hash := tlog.RecordHash(one.Leaf)
		if one.Position >= size || !bytes.Equal(hash[:], hashes[one.Position*tlog.HashSize:][:tlog.HashSize]) {
			return fmt.Errorf("entry %d is another", one.Position)
		}
		return nil
	})
}

func selection(raw, proofs []byte, size int64, root tlog.Hash) error {
	rows := bufio.NewScanner(bytes.NewReader(proofs))
	return each(raw, func(one line) error {
		if !rows.Scan() {
			return fmt.Errorf("entry %d has no proof", one.Position)
		}
		place, text, _ := strings.Cut(rows.Text(), " ")
		nodes, err := base64.StdEncoding.DecodeString(text)
		if err != nil || place != strconv.FormatInt(one.Position, 10) || len(nodes)%tlog.HashSize != 0 {
			return fmt.Errorf("the proof of entry %d cannot be read", one.Position)
		}
		proof := make([]tlog.Hash, len(nodes)/tlog.HashSize)
		for i := range proof {
			copy(proof[i][:], nodes[i*tlog.HashSize:])
		}
		return tlog.CheckRecord(proof, size, root, one.Position, tlog.RecordHash(one.Leaf))
	})
}

func each(raw []byte, look func(line) error) error {
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one line
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return err
		}
		if err := look(one); err != nil {
			return err
		}
	}
	return lines.Err()
}

func member(archive *zip.ReadCloser, name string) ([]byte, error) {
	file, err := archive.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}
