// Checks a receipt here: the record's hash, its place below the root of its day, and the day's Ed25519 signature.
const section = document.querySelector("[data-receipt]");
const [said, record] = [section.querySelector("output"), section.querySelector("pre")];
const hash = /^[0-9a-f]{64}$/;

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const text = (words) => new TextEncoder().encode(words);
const joined = async (...parts) => new Uint8Array(await new Blob(parts).arrayBuffer());
const hex = (content) => Array.from(content, (one) => one.toString(16).padStart(2, "0")).join("");
const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", await joined(...parts)));

// The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); null where it fits no tree of that size.
async function rootByPath(leaf, index, size, path) {
  if (!(Number.isSafeInteger(size) && Number.isSafeInteger(index) && index >= 0 && index < size)) return null;
  let [place, last, found] = [index, size - 1, leaf];
  const node = (left, right) => sha256(new Uint8Array([1]), left, right);
  for (const neighbour of path.map(bytes)) {
    if (last === 0) return null;
    if (place % 2 || place === last) {
      found = await node(neighbour, found);
      while (place && !(place % 2)) [place, last] = [place / 2, Math.floor(last / 2)];
    } else found = await node(found, neighbour);
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  return last ? null : hex(found);
}

// What came of it, by the name of the sentence that says it.
async function check(receipt) {
  const { Sequence, Record, Hash, PreviousHash, Path = [], Day } = receipt;
  if (typeof Record !== "string" || ![Hash, PreviousHash, ...Path].every((one) => hash.test(one))) return "none";
  if (hex(await sha256(text(`${PreviousHash}\n${Record}`))) !== Hash) return "record";
  if (!Day) return "unsealed";
  const leaf = await sha256(new Uint8Array([0]), bytes(Hash));
  const size = Day.Last - Day.First + 1;
  if ((await rootByPath(leaf, Sequence - Day.First, size, Path)) !== Day.Root) return "root";
  if (!hash.test(Day.PublicKey) || !/^[0-9a-f]{128}$/.test(Day.Signature)) return "signature";
  const lines = ["Regard audit day", Day.Date, Day.First, Day.Last, Day.Root, Day.PreviousRoot];
  const signed = text(lines.map((line) => `${line}\n`).join(""));
  const key = await crypto.subtle.importKey("raw", bytes(Day.PublicKey), "Ed25519", false, ["verify"]);
  const holds = await crypto.subtle.verify("Ed25519", key, bytes(Day.Signature), signed);
  return holds ? "holds" : "signature";
}

async function show(reading) {
  let [came, receipt] = ["none", null];
  record.hidden = true;
  try {
    receipt = JSON.parse(await reading());
    came = await check(receipt);
  } catch (error) {
    if (error.name === "NotSupportedError") came = "unable";
  }
  const sentence = section.querySelector(`[data-came="${came}"]`);
  said.textContent = sentence.textContent;
  said.className = `message ${sentence.className}`;
  if (["holds", "unsealed"].includes(came)) {
    record.textContent = receipt.Record;
    record.hidden = false;
  }
}

if (globalThis.crypto?.subtle) {
  section.hidden = false;
  section.querySelector("button").addEventListener("click", () => show(async () => (await fetch("?file")).text()));
  section.querySelector("input").addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) show(() => (file.size > 1_000_000 ? "" : file.text()));
  });
}
