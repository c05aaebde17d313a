/**
 * What is proved, and how prover and verifier tell it to their transcripts.
 *
 * @module
 */
import { type ExtensionElement, isCanonical, rootOfUnity } from '@commute/field';
import { Transcript } from '@commute/poly-commit';
import { type PublicMessage } from './check.ts';
import { StarkError } from './errors.ts';
import { preprocessedBatches, type StarkSystem, tablesWith } from './system.ts';

/** The preprocessed columns that a statement speaks of: their commitments, and the heights of the tables that have them. */
export interface PreprocessedKey {
  /** Of those of the system's `commonTables`, then of the others; each only where there are such. */
  readonly roots: readonly Uint8Array[];
  /** log2 of the rows, for each table with preprocessed columns in the order of the tables. */
  readonly logRows: readonly number[];
}

/** What the verifier knows. */
export interface Statement {
  /** Per table its public values by name. */
  readonly publicValues: readonly Readonly<Record<string, bigint>>[];
  readonly publicMessages?: readonly PublicMessage[];
  /** log2 of the rows that each table must have; without it the prover chooses, so constraints must hold the meaning alone. */
  readonly logRows?: readonly number[];
  /** Required where tables have preprocessed columns. */
  readonly preprocessed?: PreprocessedKey;
}

/** What is known only when main columns are committed to, perhaps those of several proofs. */
export interface ExternalInputs {
  /** The values of the system's external challenges, by name. */
  readonly challenges?: Readonly<Record<string, ExtensionElement>>;
  /** Whatever else the proof is to be bound to: the transcript hears it before any challenge is drawn. */
  readonly context?: Uint8Array;
}

/** The values of external challenges in the order of their names. @throws {@link StarkError} `STARK_TRACE` */
export function externalValues(system: StarkSystem, external: ExternalInputs): ExtensionElement[] {
  const { field } = system.parameters;
  for (const name of Object.keys(external.challenges ?? {})) {
    if (!system.externalChallenges.includes(name)) {
      throw new StarkError('STARK_TRACE', 'external challenges', system.externalChallenges.join(', '), name);
    }
  }
  return system.externalChallenges.map((name) => {
    const value = external.challenges?.[name];
    if (value?.length !== field.degree || !value.every(isCanonical)) {
      throw new StarkError(
        'STARK_TRACE',
        'external challenges',
        `an element of the extension as ${name}`,
        String(value),
      );
    }
    return value;
  });
}

/** Public values in the order of each table. @throws {@link StarkError} `STARK_TRACE` */
export function publicValueLists(system: StarkSystem, statement: Statement): bigint[][] {
  return system.tables.map((table, index) =>
    table.publicValues.map((name) => {
      const value = statement.publicValues[index]?.[name];
      if (value === undefined) throw new StarkError('STARK_TRACE', `publicValues of ${table.name}`, name, 'nothing');
      return value;
    }),
  );
}

/** Checks the verifier's own part of a statement. @throws {@link StarkError} `STARK_TRACE` */
export function assertStatement(system: StarkSystem, statement: Statement): void {
  publicValueLists(system, statement);
  const expected = tablesWith(system, 'preprocessed').length;
  const got = statement.preprocessed?.logRows.length ?? 0;
  if (expected !== got)
    throw new StarkError('STARK_TRACE', 'preprocessed', `keys of ${String(expected)} tables`, String(got));
  const batches = preprocessedBatches(system).length;
  const roots = statement.preprocessed?.roots.length ?? 0;
  if (batches !== roots) {
    throw new StarkError('STARK_TRACE', 'preprocessed', `roots of ${String(batches)} batches`, String(roots));
  }
  if (statement.logRows !== undefined && statement.logRows.length !== system.tables.length) {
    throw new StarkError('STARK_TRACE', 'logRows', String(system.tables.length), String(statement.logRows.length));
  }
  for (const { bus } of statement.publicMessages ?? []) {
    if (!system.buses.has(bus)) throw new StarkError('STARK_TRACE', 'publicMessages', 'buses of the system', bus);
  }
}

/**
 * Checks the statements of the instances of a joint proof: each on its own, and that all are of the same preprocessed columns.
 *
 * @throws {@link StarkError} `STARK_TRACE`, also for another number of statements than the system allows.
 */
export function assertStatements(system: StarkSystem, statements: readonly Statement[]): void {
  const most = system.parameters.maximumLogInstances;
  if (!(statements.length >= 1 && statements.length <= 2 ** most)) {
    throw new StarkError('STARK_TRACE', 'statements', `1 to 2^${String(most)}`, String(statements.length));
  }
  for (const statement of statements) assertStatement(system, statement);
  const keys = statements.map(({ preprocessed }) =>
    preprocessed === undefined
      ? 'none'
      : [...preprocessed.roots.map((root) => root.join()), preprocessed.logRows].join(';'),
  );
  if (new Set(keys).size > 1) {
    throw new StarkError('STARK_TRACE', 'preprocessed', 'the same in all statements', 'different ones');
  }
}

/**
 * Tells messages as one list of words: how many, then for each the number of its bus, 1 where it is received, its multiplicity, and its tuple behind the
 * tuple's length.
 */
function absorbMessages({ buses }: StarkSystem, transcript: Transcript, messages: readonly PublicMessage[]): void {
  const words = messages.reduce((sum, { tuple }) => sum + 4 + tuple.length, 1);
  const bytes = new Uint8Array(8 * words);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const write = (word: bigint): void => {
    if (!isCanonical(word)) {
      throw new StarkError('STARK_TRACE', 'publicMessages', 'canonical elements', String(word));
    }
    view.setBigUint64(at, word, true);
    at += 8;
  };
  write(BigInt(messages.length));
  for (const { bus, direction, tuple, multiplicity } of messages) {
    write(BigInt(buses.get(bus)!));
    write(direction === 'send' ? 0n : 1n);
    write(multiplicity);
    write(BigInt(tuple.length));
    for (const each of tuple) write(each);
  }
  transcript.absorbWords('public messages', bytes);
}

/** A transcript that has heard the system, the statements of all instances and the heights. */
export function openTranscript(
  system: StarkSystem,
  statements: readonly Statement[],
  logRows: readonly number[],
): Transcript {
  const transcript = new Transcript('commute/stark/v1');
  transcript.absorb('system', new TextEncoder().encode(system.description));
  if (statements.length > 1) transcript.absorbElements('instances', [BigInt(statements.length)]);
  transcript.absorbElements('heights', logRows.map(BigInt));
  for (const statement of statements) {
    publicValueLists(system, statement).forEach((values, index) => {
      transcript.absorbElements(`public values/${String(index)}`, values);
    });
    absorbMessages(system, transcript, statement.publicMessages ?? []);
  }
  for (const root of statements[0]!.preprocessed?.roots ?? []) transcript.absorb('preprocessed', root);
  return transcript;
}

/**
 * What a proof has said when its main columns are committed to, as 32 bytes: they bind the system, the statement, the heights, and the
 * cells. External challenges are derived from them.
 */
export function commitmentDigest(
  system: StarkSystem,
  statement: Statement,
  logRows: readonly number[],
  mainRoot: Uint8Array,
): Uint8Array {
  return jointCommitmentDigest(system, [statement], logRows, mainRoot);
}

/** {@link commitmentDigest} of a joint proof; of one instance it is the same. */
export function jointCommitmentDigest(
  system: StarkSystem,
  statements: readonly Statement[],
  logRows: readonly number[],
  mainRoot: Uint8Array,
): Uint8Array {
  const transcript = openTranscript(system, statements, logRows);
  transcript.absorb('main', mainRoot);
  return transcript.state;
}

/** Hears what comes from outside and draws all other challenges of the constraints. @returns all of them, by name. */
export function drawChallenges(
  system: StarkSystem,
  transcript: Transcript,
  external: ExternalInputs,
): Map<string, ExtensionElement> {
  const { field } = system.parameters;
  const values = externalValues(system, external);
  if (values.length > 0) transcript.absorbElements('external challenges', values.flat());
  if (external.context !== undefined) transcript.absorb('context', external.context);
  return new Map([
    ...system.externalChallenges.map((name, index) => [name, values[index]!] as const),
    ...system.challenges.map((name) => [name, transcript.extensionElement(`challenge/${name}`, field)] as const),
  ]);
}

/** What a prover claims of one instance. */
export interface Claimed {
  /** For each table with messages that must cancel the sum of its fractions. */
  readonly terminals: readonly ExtensionElement[];
  /** For each table its exposed values. */
  readonly exposed: readonly (readonly ExtensionElement[])[];
}

/** Hears what the prover claims of all instances: the sums of their tables, and the exposed values. */
export function absorbClaimed(system: StarkSystem, transcript: Transcript, claimed: readonly Claimed[]): void {
  transcript.absorbElements(
    'terminals',
    claimed.flatMap(({ terminals }) => terminals.flat()),
  );
  if (system.arithmetizations.some((each) => each.exposed.length > 0)) {
    transcript.absorbElements(
      'exposed',
      claimed.flatMap(({ exposed }) => exposed.flat(2)),
    );
  }
}

/** The challenge whose powers the constraints of each table are weighted by. */
export function drawWeight({ parameters: { field } }: StarkSystem, transcript: Transcript): ExtensionElement {
  return transcript.extensionElement('constraints', field);
}

/** 1, a, a², … for the constraints of each table. */
export function drawWeights(system: StarkSystem, transcript: Transcript): ExtensionElement[][] {
  return weightsOf(system, drawWeight(system, transcript));
}

/** The powers of a challenge for the constraints of each table. */
export function weightsOf(system: StarkSystem, factor: ExtensionElement): ExtensionElement[][] {
  const { field } = system.parameters;
  return system.arithmetizations.map(({ constraints }) => {
    let power = field.one;
    return constraints.map(() => {
      const weight = power;
      power = field.multiply(power, factor);
      return weight;
    });
  });
}

/** The points that a table of a height is opened at: z, and z times the root of its height. */
export function pointsOf(
  system: StarkSystem,
  point: ExtensionElement,
  logRows: number,
): [ExtensionElement, ExtensionElement] {
  return [point, system.parameters.field.scale(point, rootOfUnity(logRows))];
}
