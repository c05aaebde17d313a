import { createHash } from 'node:crypto';

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The root hash of a map from paths to values in hexadecimal, straight from its definition. */
export function rootByDefinition(map: ReadonlyMap<string, string>): string {
  const rootOf = (paths: readonly string[]): Buffer => {
    const [first] = paths;
    if (first === undefined) return Buffer.alloc(32);
    if (paths.length === 1)
      return sha256(Buffer.of(0), Buffer.from(first, 'hex'), sha256(Buffer.from(map.get(first)!, 'hex')));
    let depth = 0;
    while (paths.every((path) => path[depth] === first[depth])) depth += 1;
    const prefix = first.slice(0, depth) + (depth % 2 === 1 ? '0' : '');
    const digits = '0123456789abcdef'.split('');
    const groups = digits.map((digit) => paths.filter((path) => path[depth] === digit));
    const bitmap = groups.reduce((bits, group, index) => bits + (group.length > 0 ? 2 ** index : 0), 0);
    const hashes = groups.filter((group) => group.length > 0).map((group) => rootOf(group));
    return sha256(Buffer.of(1, depth), Buffer.from(prefix, 'hex'), Buffer.of(bitmap >>> 8, bitmap & 255), ...hashes);
  };
  return rootOf([...map.keys()]).toString('hex');
}
