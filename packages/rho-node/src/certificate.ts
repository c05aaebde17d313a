import { ByteReader, ByteWriter, equalBytes } from '@commute/rho-store/bytes';
import type { Network } from './network.ts';
import { decodeSet } from './statement-set.ts';
import {
  BASE_BYTES,
  hasViews,
  isCertified,
  STEP,
  statementOf,
  verifyStatement,
  type Statement,
  type StatementReason,
} from './statement.ts';

const SIGNATURE_BYTES = 64;
const MEMBER_BYTES = 2;

/**
 * A quorum certificate: what members with the stake of a quorum said alike in one step and view. Of a prepare it proves that nothing else was prepared in that view, of a
 * commit that the set is decided, of a base that the round begins with it; to whoever has it, whatever else he heard or did not hear.
 */
export interface Certificate {
  readonly round: number;
  /** `blockPrepare`, `blockCommit`, `votePrepare`, `voteCommit` or `base` of `STEP`. */
  readonly step: number;
  readonly view: number;
  /** Bytes of the set, or of what the round begins with. */
  readonly body: Uint8Array;
  /** Ascending by member. */
  readonly statements: readonly Statement[];
}

/** What is read of a certificate before its signatures are checked. */
export type DecodedCertificate =
  | { readonly ok: true; readonly certificate: Certificate }
  | { readonly ok: false; readonly reason: Exclude<StatementReason, 'other-network'> };

/** What members with the stake of a quorum said alike, of statements of one step and view that ascend by member; `undefined` if there is no such thing. */
export function quorumAmong(
  { members, quorum }: Network,
  said: Iterable<Statement>,
  isGood: (body: Uint8Array) => boolean,
): Pick<Certificate, 'body' | 'statements'> | undefined {
  let rest = [...said];
  while (rest.length > 0) {
    const { body } = rest[0]!;
    // Of one member no two have the same body: they would be the same statement.
    const statements = rest.filter((one) => equalBytes(one.body, body));
    const stake = statements.reduce((sum, one) => sum + members[one.member]!.stake, 0n);
    if (stake >= quorum && isGood(body)) return { body, statements };
    rest = rest.filter((one) => !equalBytes(one.body, body));
  }
  return undefined;
}

/** The bytes of a certificate: round (8), step (1), view (4), bytes set, varint count, position of the member (2) and signature (64) of each. */
export function encodeCertificate({ round, step, view, body, statements }: Certificate): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(body.length + statements.length * (SIGNATURE_BYTES + MEMBER_BYTES) + 32);
  writer.uint64(round).byte(step).uint32(view).bytes(body).varint(statements.length);
  for (const { member, signature } of statements) writer.uint16(member).raw(signature);
  return writer.finish();
}

/** The inverse of {@link encodeCertificate}. Never throws; does not check signatures. */
export function decodeCertificate(network: Network, bytes: Uint8Array): DecodedCertificate {
  const reader = new ByteReader(bytes);
  const [round, step, view, body] = [reader.uint64(), reader.byte(), reader.uint32(), reader.bytes()];
  const count = reader.varint();
  const malformed = { ok: false, reason: 'malformed' } as const;
  if (reader.failed || count * (SIGNATURE_BYTES + MEMBER_BYTES) !== reader.remaining) return malformed;
  if (!isCertified(step) || (!hasViews(step) && view > 0)) return malformed;
  if (step === STEP.base ? body.length !== BASE_BYTES : decodeSet(network, body) === undefined) return malformed;
  const statements: Statement[] = [];
  let stake = 0n;
  for (let left = count; left > 0; left -= 1) {
    const [member, signature] = [reader.uint16(), reader.raw(SIGNATURE_BYTES)];
    if (member <= (statements.at(-1)?.member ?? -1)) return malformed;
    const one = network.members[member];
    if (one === undefined) return { ok: false, reason: 'unknown-member' };
    statements.push(statementOf(network, { round, step, view, member, body }, signature));
    stake += one.stake;
  }
  return stake >= network.quorum ? { ok: true, certificate: { round, step, view, body, statements } } : malformed;
}

/** Tells whether all of a certificate is signed, but for what is known to be. Never throws. */
export function verifyCertificate(
  network: Network,
  { statements }: Certificate,
  isKnown: (statement: Statement) => boolean = () => false,
): boolean {
  return statements.every((one) => isKnown(one) || verifyStatement(network, one));
}
