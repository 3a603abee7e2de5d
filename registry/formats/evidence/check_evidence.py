"""Check a file of evidence alone: python check_evidence.py evidence.zip [POLICY]

Exits with 0 if every step is passed, 1 if not, 4 without POLICY: the keys are yours to compare.
"""

import base64
import io
import json
import sys
import zipfile
import zlib
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHANGES = {"revocation": {"revoked": 1}, "suspension": {"suspended": 1, "reinstated": 0}}


def need(condition, failure):
    if not condition:
        raise ValueError(failure)


def members(pairs):  # No two readers may read a document differently.
    need(len(dict(pairs)) == len(pairs), "a member named twice")
    return dict(pairs)


JSON = json.JSONDecoder(object_pairs_hook=members, parse_constant=int)  # NaN is no number.


def decoded(text):
    need(base64.b64encode(base64.b64decode(text)).decode() == text, "base64 in another spelling")
    return base64.b64decode(text)


def unpack(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as reader:
        need(all(each.compress_type == 0 for each in reader.infolist()), "compressed entries")
        files = {each.filename: reader.read(each) for each in reader.infolist()}
    again = io.BytesIO()  # There is one way to write it, so that a changed byte shows.
    with zipfile.ZipFile(again, "w") as writer:
        for name in sorted(files):
            need(not {"", ".", ".."}.intersection(name.split("/")), "a name that leads elsewhere")
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            writer.writestr(entry, files[name])
    need(again.getvalue() == archive, "a byte was changed")
    return files


class Key:  # NAME+ID+BASE64 (C2SP signed-note): of a log (type 1), or of a witness (4 and 6).
    def __init__(self, text):
        self.text, (self.name, self.id, data) = text, text.split("+", 2)
        self.type, self.public = decoded(data)[0], decoded(data)[1:]
        need(sha256(self.name.encode() + b"\n" + decoded(data)).hexdigest()[:8] == self.id, "an id")

    def verify(self, text, signature):
        message, kind = text.encode(), Ed25519PublicKey
        if self.type != 1:  # C2SP tlog-cosignature: the time comes first.
            time, signature = signature[:8], signature[8:]
            message = b"cosignature/v1\ntime %d\n" % int.from_bytes(time) + message
        if self.type == 6:
            name, (origin, size, root) = self.name.encode(), text.encode().split(b"\n")[:3]
            message = b"subtree/v1\n\0" + bytes([len(name)]) + name + time + bytes([len(origin)])
            message += origin + bytes(8) + int(size).to_bytes(8) + decoded(root.decode())
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey as kind
        kind.from_public_bytes(self.public).verify(signature, message)


class Policy:  # Which logs and witnesses are trusted, and how many of them (C2SP tlog-policy).
    def __init__(self, data):
        self.logs, self.witnesses, members, self.quorum = [], [], {}, None
        for line in data.decode(errors="surrogateescape").split("\n"):
            match line.split():
                case ["log", key, *_]:
                    self.logs.append(Key(key))
                case ["witness", name, key, *_]:
                    members[name] = Key(key)
                    self.witnesses.append(members[name])
                case ["group", name, count, *names]:
                    least = {"any": 1, "all": len(names)}.get(count) or int(count)
                    need(0 < least <= len(names), "a group of the policy")
                    members[name] = least, [members[each] for each in names]
                case ["quorum", name] if not self.quorum:
                    self.quorum = {**members, "none": (0, [])}[name]
                case words:
                    need(not words or words[0][0] == "#", "a line of the policy")
        need(self.quorum, "a policy without a quorum")

    def open(self, note, ending=""):  # Returns its lines, the ids of all keys, the known keys.
        text, _, below = note.decode().rpartition("\n\n")
        lines, ids, signers = text.split("\n"), [], []
        for mark, name, data in (line.split(" ") for line in below.removesuffix("\n").split("\n")):
            need(mark == "\u2014", "a line that is no signature")
            ids.append(decoded(data)[:4].hex())
            for key in [k for k in self.logs + self.witnesses if (k.name, k.id) == (name, ids[-1])]:
                key.verify(text + "\n", decoded(data)[4:])
                signers.append(key)
        need(lines[0] in [k.name + ending for k in signers if k in self.logs], "no log's signature")
        return lines, ids, signers

    def is_met(self, member, signers):
        if isinstance(member, Key):
            return member in signers
        return sum(self.is_met(each, signers) for each in member[1]) >= member[0]


def proved(receipt, checkpoint, size, root):  # C2SP tlog-proof, RFC 9162 §2.1.3.2
    head, _, note = receipt.partition(b"\n\n")
    title, extra, index, *path = head.decode().split("\n")
    need(title == "c2sp.org/tlog-proof@v1" and note == checkpoint, "another receipt")
    leaf, at, last = decoded(extra.removeprefix("extra ")), int(index[6:]), size - 1
    need(index == f"index {at}" and 0 <= at <= last, "an index outside the tree")
    node, event = sha256(b"\0" + leaf).digest(), JSON.decode(leaf.decode())
    for step in map(decoded, path):
        need(last, "a path that is too long")
        is_right = at % 2 or at == last
        node = sha256(b"\1" + (step + node if is_right else node + step)).digest()
        while is_right and at and not at % 2:
            at, last = at // 2, last // 2
        at, last = at // 2, last // 2
    need(last == 0 and node == root, "a leaf that is not in the tree")
    return event


def check(archive, policy=None):  # Yields each step before it is checked.
    yield "container"
    files = unpack(archive)
    yield "manifest"
    enclosed, note = Policy(files["policy"]), (files.pop("manifest"), "/evidence")
    policy = enclosed if policy is None else Policy(policy)
    (origin, form, keys, credential, end, made, *rows), ids, signers = enclosed.open(*note)
    need([k.id for k in signers if k in enclosed.logs] == ids == keys.split(" ")[1:], "signatures")
    need(f"{form} {credential[:11]}{end}" == f"format 1 credential position {int(end[9:])}", "head")
    policy.open(*note)
    found = [f"{sha256(b).hexdigest()} {len(b)} {name}" for name, b in sorted(files.items())]
    need(rows == found, "other files")
    yield "checkpoint"
    (log, size, root, *more), _, cosigners = policy.open(files["checkpoint"])
    need(size == str(int(size)) and all(more), "a malformed line")
    need(f"{log}/evidence" == origin and policy.is_met(policy.quorum, cosigners), "no quorum")
    yield "receipts"
    tree = files["checkpoint"], int(size), decoded(root)
    leaves = {n[:-11]: proved(b, *tree) for n, b in files.items() if n.endswith(".tlog-proof")}
    yield "history"
    folders = "events/credential/", "events/issuer/", "events/achievement/"
    chains = [[leaves[n] for n in sorted(leaves) if n.startswith(folder)] for folder in folders]
    history, issued = chains[0], chains[0][0]["event"]
    ids = credential.removeprefix("credential "), issued["issuer_id"], issued["achievement_id"]
    least = 1, 1, issued["achievement_version"] or 0
    for stream, chain, count in zip(ids, chains, least, strict=True):
        found = [(each["stream"], each["version"]) for each in chain]
        need(len(chain) >= count and found == [(stream, n + 1) for n in range(len(chain))], "a gap")
    positions = JSON.decode(files["positions.json"].decode())
    types, rising = [type(each) for each in positions], [0, *positions, int(end[9:]) + 1]
    need(types == [int] * len(history) and sorted(set(rising)) == rising, "positions")
    yield "document"
    digests = [sha256(files[name]).hexdigest() for name in files if name.startswith("credential/")]
    need(digests in ([], [issued["document_digest"]]), "another document than the one issued")
    yield "lists"
    for name in (name for name in files if name.startswith("lists/")):
        body, published, due = files[name], leaves["events/" + name.rpartition(".")[0]]["event"], 0
        need(sha256(body).hexdigest() in [r["digest"] for r in published["representations"]], name)
        plain = body if body[:1] == b"{" else base64.urlsafe_b64decode(body.split(b".")[1] + b"==")
        subject = JSON.decode(plain.decode())["credentialSubject"]
        purpose, packed = subject["statusPurpose"], subject["encodedList"].removeprefix("u")
        bits = zlib.decompressobj(31).decompress(base64.urlsafe_b64decode(packed + "=="), 1 << 24)
        for each, position in zip(history, positions, strict=True):
            if position <= published["position"]:
                due = CHANGES.get(purpose, {}).get(each["topic"][11:-3], due)
        need([published[n] for n in ("list_id", "purpose")] == [issued["list_id"], purpose], name)
        byte, bit = divmod(issued["list_index"], 8)
        need(byte >= 0 and bits[byte] >> (7 - bit) & 1 == due, "a status the events do not make")
    yield "keys"
    counts = {f"did/{count}.json": count for count in range(1, len(chains[1]) + 1)}
    documents = {n: JSON.decode(files[n].decode()) for n in files if n.startswith("did/")}
    for name, said in documents.items():
        events = [(each["topic"], each["event"]) for each in chains[1][: counts[name]]]
        added = {event["key"] for topic, event in events if topic == "signing-key-added-v1"}
        lost = {event["key"] for topic, event in events if topic == "signing-key-compromised-v1"}
        names = [e["also_known_as"] for topic, e in events if topic == "issuer-alias-added-v1"]
        found = {method.get("publicKeyMultibase") for method in said["verificationMethod"]}
        need(found - {None} == added - lost, "other keys than the events make")
        need((said["id"], said.get("alsoKnownAs", [])) == (events[0][1]["did"], names), "names")
    methods = [m["id"] for document in documents.values() for m in document["verificationMethod"]]
    need(not documents or issued["verification_method"] in methods, "signed by no key of these")
    shown = dict.fromkeys(key.text for key in signers + cosigners)  # A policy may name more.
    yield from [f"{credential}, {end}, {made}", *(f"signed by: {text}" for text in shown)]


if __name__ == "__main__":
    step, given = "container", (io.FileIO(name).read() for name in sys.argv[1:3])
    try:
        for step in check(*given):
            print(ascii(step)[1:-1])
    except Exception as error:
        sys.exit(f"refused at: {step}: {error!r}")
    print("ok" if len(sys.argv) > 2 else "agrees with itself: whose it is was not checked")
    sys.exit(0 if len(sys.argv) > 2 else 4)
