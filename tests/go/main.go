// Checks what the registry's log says, with Go's own sumdb packages.
//
// One JSON object on standard input says what to check; every member but vkeys and note is
// optional. The answer is the exit status, and the reason of a refusal on standard error.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/mldsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// Question is what the standard input holds; byte slices are base64 there.
type Question struct {
	Vkeys       []string `json:"vkeys"`
	Note        string   `json:"note"`
	Folder      string   `json:"folder"`
	Index       int64    `json:"index"`
	Leaf        []byte   `json:"leaf"`
	Path        [][]byte `json:"path"`
	OldNote     string   `json:"old_note"`
	Consistency [][]byte `json:"consistency"`
	Tiles       []string `json:"tiles"`
}

func main() {
	var question Question
	must(json.NewDecoder(os.Stdin).Decode(&question))
	tree := openCheckpoint(question.Note, question.Vkeys)
	if question.Leaf != nil {
		hash := tlog.RecordHash(question.Leaf)
		must(tlog.CheckRecord(hashes(question.Path), tree.N, tree.Hash, question.Index, hash))
	}
	if question.OldNote != "" {
		old := openCheckpoint(question.OldNote, question.Vkeys)
		must(tlog.CheckTree(hashes(question.Consistency), tree.N, tree.Hash, old.N, old.Hash))
	}
	if question.Folder != "" {
		checkFolder(question.Folder, tree)
	}
	for _, path := range question.Tiles {
		_, err := tlog.ParseTilePath(strings.Replace(path, "tile/", "tile/8/", 1))
		must(err)
	}
	fmt.Println(tree.N)
}

// checkFolder reads every hash and entry of a tree from files and holds them to its root.
func checkFolder(folder string, tree tlog.Tree) {
	reader := tlog.TileHashReader(tree, &folderTiles{folder})
	for first := int64(0); first < tree.N; first += 256 {
		width := min(256, tree.N-first)
		entries := readEntries(folder, first/256, width)
		indexes := make([]int64, width)
		for offset := range indexes {
			indexes[offset] = tlog.StoredHashIndex(0, first+int64(offset))
		}
		stored, err := reader.ReadHashes(indexes)
		must(err)
		for offset, entry := range entries {
			if tlog.RecordHash(entry) != stored[offset] {
				refuse("entry %d is not the one in the tree", first+int64(offset))
			}
		}
	}
}

// folderTiles reads tiles that lie under their C2SP names, or grow under the name of the full tile.
type folderTiles struct{ folder string }

func (f *folderTiles) Height() int { return tileHeight }

func (f *folderTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (f *folderTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := readFirst(f.folder, path)
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is cut short", path)
		}
		found = append(found, data[:tile.W*tlog.HashSize])
	}
	return found, nil
}

func readEntries(folder string, number, width int64) [][]byte {
	tile := tlog.Tile{H: tileHeight, L: 0, N: number, W: int(width)}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	data, err := readFirst(folder, path)
	must(err)
	var entries [][]byte
	for range width {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			refuse("%s is cut short", path)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	return entries
}

func readFirst(folder, path string) ([]byte, error) {
	full, _, _ := strings.Cut(path, ".p/")
	growing := strings.Replace(full, "tile/entries/", "entries/", 1)
	var err error
	for _, name := range []string{path, full, growing} {
		var data []byte
		if data, err = os.ReadFile(filepath.Join(folder, name)); err == nil {
			return data, nil
		}
	}
	return nil, err
}

func openCheckpoint(text string, vkeys []string) tlog.Tree {
	for _, vkey := range vkeys {
		_, err := note.Open([]byte(text), note.VerifierList(verifier(vkey)))
		must(err)
	}
	lines := strings.Split(text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

func verifier(vkey string) note.Verifier {
	name, rest, _ := strings.Cut(vkey, "+")
	id, encoded, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(encoded)
	must(err)
	if key[0] == 0x01 {
		found, err := note.NewVerifier(vkey)
		must(err)
		return found
	}
	hash := sha256.Sum256(append([]byte(name+"\n"), key...))
	if hex.EncodeToString(hash[:4]) != id {
		refuse("the id of %s is not its key's", name)
	}
	return &witness{name, binary.BigEndian.Uint32(hash[:4]), key[0], key[1:]}
}

// witness verifies cosignatures of types 0x04 (Ed25519) and 0x06 (ML-DSA-44).
type witness struct {
	name    string
	hash    uint32
	keyType byte
	key     []byte
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }

func (w *witness) Verify(text, signature []byte) bool {
	at, signed := signature[:8], signature[8:]
	if w.keyType == 0x04 {
		header := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(at))
		return ed25519.Verify(w.key, append([]byte(header), text...), signed)
	}
	key, err := mldsa.NewPublicKey(mldsa.MLDSA44(), w.key)
	must(err)
	return mldsa.Verify(key, w.subtree(text, at), signed, nil) == nil
}

func (w *witness) subtree(text, at []byte) []byte {
	lines := strings.Split(string(text), "\n")
	size, err := strconv.ParseUint(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	message := bytes.NewBufferString("subtree/v1\n\x00")
	message.WriteByte(byte(len(w.name)))
	message.WriteString(w.name)
	message.Write(at)
	message.WriteByte(byte(len(lines[0])))
	message.WriteString(lines[0])
	message.Write(binary.BigEndian.AppendUint64(make([]byte, 8), size))
	message.Write(root)
	return message.Bytes()
}

func hashes(list [][]byte) []tlog.Hash {
	found := make([]tlog.Hash, len(list))
	for index, data := range list {
		if copy(found[index][:], data) != tlog.HashSize || len(data) != tlog.HashSize {
			refuse("hash %d has %d bytes", index, len(data))
		}
	}
	return found
}

func must(err error) {
	if err != nil {
		refuse("%v", err)
	}
}

func refuse(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}
