import { equalBytes } from '@commute/rho-store/bytes';
import { Agreement, type AgreementOptions } from './agreement.ts';
import type { ArchiveChanges, Archived } from './archive.ts';
import { decodeCertificate, quorumAmong, type Certificate } from './certificate.ts';
import type { Evaluation } from './evaluation.ts';
import type { Network } from './network.ts';
import { RoundBook } from './round-book.ts';
import { decodeStatement, isSubject, STEP, type Statement, type Subject } from './statement.ts';

/** The round that is open at a node: what was said in it, and how far it is agreed on. */
export class OpenRound {
  readonly book: RoundBook;
  readonly blocks: Agreement;
  readonly votes: Agreement;
  /** What comes of the blocks, once it is decided which they are. */
  evaluation: Evaluation | undefined;
  /** Hashes of statements that others were asked for. */
  readonly wanted: Set<string> = new Set<string>();
  /** Blocks and votes that are on the medium. */
  readonly stored: Set<Statement> = new Set<Statement>();
  readonly #network: Network;
  readonly #member: number;

  /** @param archived - what a node left in its store of the round, if it was open before. */
  constructor(network: Network, round: number, options: AgreementOptions, archived?: Archived) {
    this.#network = network;
    this.#member = options.member;
    this.book = new RoundBook(round, network.members.length);
    if (archived !== undefined) this.#restore(archived);
    this.blocks = new Agreement(network, this.book, STEP.block, options);
    this.votes = new Agreement(network, this.book, STEP.vote, options);
  }

  #restore({ own, open }: Archived): void {
    for (const bytes of [...own, ...open.statements]) {
      const decoded = decodeStatement(this.#network, bytes);
      if (!decoded.ok || decoded.statement.round !== this.number) continue;
      if (this.book.add(decoded.statement) === 'known') this.book.keep(decoded.statement);
      if (isSubject(decoded.statement.step)) this.stored.add(decoded.statement);
    }
    for (const bytes of open.certificates) {
      const decoded = decodeCertificate(this.#network, bytes);
      if (decoded.ok && decoded.certificate.round === this.number) this.book.certify(decoded.certificate);
    }
  }

  /** Its number, from 1. */
  get number(): number {
    return this.book.round;
  }

  /** What is to be agreed on next. */
  get subject(): Subject {
    return this.evaluation === undefined ? STEP.block : STEP.vote;
  }

  /** How that stands. */
  get agreement(): Agreement {
    return this.evaluation === undefined ? this.blocks : this.votes;
  }

  /** True if this node is a member that has not said its part of a step. */
  owes(step: number): boolean {
    return this.#member >= 0 && this.book.first(step, 0, this.#member) === undefined;
  }

  /** True if members agree on a statement that is not here. */
  wants({ step, hash }: Statement): boolean {
    if (!isSubject(step)) return false;
    const agreement = step === STEP.block ? this.blocks : this.votes;
    return agreement.wanted().some((one) => equalBytes(one.hash, hash));
  }

  /** What a quorum says that the round begins with, as far as it was heard. */
  base(): Certificate | undefined {
    const told = this.book.certificate(STEP.base, 0);
    if (told !== undefined) return told;
    const quorum = quorumAmong(this.#network, this.book.at(STEP.base, 0), () => true);
    return quorum && { round: this.number, step: STEP.base, view: 0, ...quorum };
  }

  /** Leaves of the round what it takes to close it and to begin with it, and what proves that members cheat. */
  archive(certificates: readonly Certificate[], said: readonly Statement[], changes: ArchiveChanges): void {
    const parts = new Set(said);
    for (const one of this.stored) if (!parts.has(one)) changes.drop(one);
    for (const one of parts) if (!this.stored.has(one)) changes.keep(one);
    this.prove(parts, changes);
    for (const step of [STEP.blockPrepare, STEP.votePrepare]) changes.decertify(this.number, step);
    const base = this.base();
    for (const one of base === undefined ? certificates : [...certificates, base]) changes.certify(one);
    for (const one of this.book.statements())
      if (one.member === this.#member && !isSubject(one.step)) changes.forget(one);
  }

  /** Leaves of it what proves that members cheat, but for what is there for another reason. */
  prove(but: ReadonlySet<Statement>, changes: ArchiveChanges): void {
    for (const { statements } of this.book.equivocations)
      for (const one of statements) if (!but.has(one)) changes.prove(one);
  }
}
