/** UUID version 5 (RFC 9562, 5.5). Synchronous and available over plain http, unlike crypto.subtle. */

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const rotateLeft = (word: number, by: number) => (word << by) | (word >>> (32 - by));

export function uuid5(namespace: string, name: string): string {
  const space = bytesOf(namespace.replaceAll('-', ''));
  const id = sha1(new Uint8Array([...space, ...new TextEncoder().encode(name)])).slice(0, 16);
  id[6] = (id[6]! & 0x0f) | 0x50; // version 5
  id[8] = (id[8]! & 0x3f) | 0x80; // its variant
  return hexOf(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** SHA-1 (FIPS 180-4), for names and not for secrets. */
function sha1(message: Uint8Array): Uint8Array {
  const padded = new DataView(new ArrayBuffer(((message.length + 72) >> 6) << 6));
  message.forEach((byte, at) => padded.setUint8(at, byte));
  padded.setUint8(message.length, 0x80);
  padded.setUint32(padded.byteLength - 4, message.length * 8);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let block = 0; block < padded.byteLength; block += 64) mix(state, padded, block);
  const digest = new DataView(new ArrayBuffer(20));
  state.forEach((word, at) => digest.setUint32(4 * at, word));
  return new Uint8Array(digest.buffer);
}

function mix(state: number[], data: DataView, block: number): void {
  const words = Array.from({ length: 16 }, (_, at) => data.getUint32(block + 4 * at));
  let [a, b, c, d, e] = state as [number, number, number, number, number];
  for (let round = 0; round < 80; round++) {
    const at = round & 15;
    if (round > 15) {
      const expanded =
        words[(round + 13) & 15]! ^ words[(round + 8) & 15]! ^ words[(round + 2) & 15]! ^ words[at]!;
      words[at] = rotateLeft(expanded, 1);
    }
    const [f, k] =
      round < 20
        ? [(b & c) | (~b & d), 0x5a827999]
        : round < 40
          ? [b ^ c ^ d, 0x6ed9eba1]
          : round < 60
            ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
            : [b ^ c ^ d, 0xca62c1d6];
    [a, b, c, d, e] = [(rotateLeft(a, 5) + f + e + k + words[at]!) | 0, a, rotateLeft(b, 30), c, d];
  }
  [a, b, c, d, e].forEach((word, at) => (state[at] = (state[at]! + word) | 0));
}
