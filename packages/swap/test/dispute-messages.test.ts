import { MessageChannel, Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createLyingParty,
  createParty,
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  portPair,
  remoteParty,
  serveParty,
  settleDispute,
  type Answer,
  type DisputePort,
  type Party,
  type Question,
} from '../src/index.ts';
import { countdown } from './support/accumulator.ts';
import { sceneOf } from './support/dispute.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 200);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const root = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const questions: [Question, string][] = [
  [{ kind: 'claim' }, '010107000000'],
  [{ kind: 'root', path: [], index: 5 }, '010207000000000500000000000000'],
  [{ kind: 'opening', path: [3], index: 2 ** 40 }, '0103070000000103000000000000000000000000010000'],
  [{ kind: 'step', path: [1, 2], index: 3 }, '01040700000002010000000000000002000000000000000300000000000000'],
  [{ kind: 'settlement', path: [1], index: 2 }, '0105070000000101000000000000000200000000000000'],
];
const answers: [Answer, string][] = [
  [
    { kind: 'claim', claim: { initialRoot: root(1), steps: 9, finalRoot: root(2) } },
    `018107000000${'01'.repeat(32)}0900000000000000${'02'.repeat(32)}`,
  ],
  [{ kind: 'root', root: root(3) }, `018207000000${'03'.repeat(32)}`],
  [
    { kind: 'opening', before: [root(4), root(5)], after: [root(6)] },
    `01830700000002${'04'.repeat(32)}${'05'.repeat(32)}01${'06'.repeat(32)}`,
  ],
  [{ kind: 'proof', proof: Uint8Array.of(1, 2, 3) }, '01840700000003000000010203'],
  [{ kind: 'refusal', reason: 'né' }, '018507000000030000006ec3a9'],
];

describe('messages', () => {
  test.for(questions)('question %j has these bytes', ([question, bytes]) => {
    expect(hex(encodeQuestion(7, question))).toBe(bytes);
    expect(decodeQuestion(Buffer.from(bytes, 'hex'))).toEqual({ ok: true, id: 7, message: question });
  });

  test.for(answers)('answer %j has these bytes', ([answer, bytes]) => {
    expect(hex(encodeAnswer(7, answer))).toBe(bytes);
    expect(decodeAnswer(new Uint8Array(Buffer.from(bytes, 'hex')))).toEqual({ ok: true, id: 7, message: answer });
  });

  const bytesOf = [
    ...questions.map(([question]) => ({ decode: decodeQuestion, bytes: encodeQuestion(7, question) })),
    ...answers.map(([answer]) => ({ decode: decodeAnswer, bytes: encodeAnswer(7, answer) })),
  ];

  test('are refused with a reason when cut, extended, of another version or kind', () => {
    for (const { decode, bytes } of bytesOf) {
      for (let length = 0; length < bytes.length; length++) {
        expect(decode(bytes.subarray(0, length))).toEqual({ ok: false, reason: 'truncated' });
      }
      expect(decode(new Uint8Array([...bytes, 0]))).toEqual({ ok: false, reason: 'trailing-bytes' });
      expect(decode(new Uint8Array([2, ...bytes.subarray(1)]))).toEqual({ ok: false, reason: 'unsupported-version' });
      expect(decode(new Uint8Array([1, 99, ...bytes.subarray(2)]))).toEqual({ ok: false, reason: 'unknown-kind' });
      const other = decode === decodeQuestion ? decodeAnswer : decodeQuestion;
      expect((other as typeof decodeQuestion)(bytes)).toEqual({ ok: false, reason: 'unknown-kind' });
    }
  });

  test('are refused with numbers, lengths and texts out of range', () => {
    const from = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
    expect(decodeQuestion(from('01020700000000ffffffffffffffff'))).toEqual({ ok: false, reason: 'not-canonical' });
    expect(decodeQuestion(from(`01020700000011${'00'.repeat(18 * 8)}`))).toEqual({
      ok: false,
      reason: 'not-canonical',
    });
    expect(decodeAnswer(from(`01830700000015${'00'.repeat(22 * 32)}`))).toEqual({ ok: false, reason: 'not-canonical' });
    expect(decodeAnswer(from('01850700000001000000ff'))).toEqual({ ok: false, reason: 'not-canonical' });
    expect(decodeAnswer(from(`01850700000001040000${'41'.repeat(1025)}`))).toEqual({
      ok: false,
      reason: 'not-canonical',
    });
    expect(decodeAnswer(from('018407000000ffffffff00'))).toEqual({ ok: false, reason: 'truncated' });
  });

  test('survive any bytes, and what is accepted has one encoding', () => {
    fc.assert(
      fc.property(
        fc.nat(bytesOf.length - 1),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }),
        (which, changes) => {
          const { bytes } = bytesOf[which]!;
          const copy = bytes.slice();
          for (const [at, value] of changes) copy[at % copy.length] = value;
          const question = decodeQuestion(copy);
          if (question.ok) expect(encodeQuestion(question.id, question.message)).toEqual(copy);
          const answer = decodeAnswer(copy);
          if (answer.ok) expect(encodeAnswer(answer.id, answer.message)).toEqual(copy);
        },
      ),
      { numRuns: runs },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeQuestion(bytes).ok && decodeAnswer(bytes).ok).toBe(false);
      }),
      { numRuns: runs },
    );
  });

  test('cut a long reason at a character', () => {
    const decoded = decodeAnswer(encodeAnswer(0, { kind: 'refusal', reason: `x${'é'.repeat(2000)}` }));
    expect(decoded).toEqual({ ok: true, id: 0, message: { kind: 'refusal', reason: `x${'é'.repeat(511)}` } });
  });
});

const scene = await sceneOf(countdown(40), 1);
const honest = createParty({ ...scene.options, name: 'honest' });
const liar = createLyingParty({ ...scene.options, name: 'liar' }, { at: [100, 20], address: 0x9004, bit: 1 });
const expected = { winner: 0, step: 100, microStep: 20, losses: [{ name: 'liar', reason: 'wrong-step' }] };

describe('a dispute over channels', () => {
  const over = (party: Party, [near, far]: readonly [DisputePort, DisputePort]): Party => {
    serveParty(party, far);
    return remoteParty(party.name, near);
  };

  test('inside a thread', async () => {
    expect(await settleDispute([over(honest, portPair()), over(liar, portPair())], scene.rules)).toMatchObject(
      expected,
    );
  });

  test('of message ports', async () => {
    const channels = [new MessageChannel(), new MessageChannel()] as const;
    const ports = channels.map(({ port1, port2 }) => [port1, port2] as unknown as [DisputePort, DisputePort]);
    const result = await settleDispute([over(honest, ports[0]!), over(liar, ports[1]!)], scene.rules);
    expect(result).toMatchObject(expected);
    for (const { port1 } of channels) port1.close();
  });

  test('to a worker thread that has machines of its own', async () => {
    const channel = new MessageChannel();
    const worker = new Worker(new URL('./support/party-worker.ts', import.meta.url), {
      workerData: { port: channel.port2 },
      transferList: [channel.port2],
    });
    const remote = remoteParty('honest', channel.port1 as unknown as DisputePort);
    expect(await settleDispute([remote, over(liar, portPair())], scene.rules)).toMatchObject(expected);
    await worker.terminate();
  });

  test('is lost by whoever sends what is no message', async () => {
    for (const bytes of [
      new Uint8Array(0),
      Uint8Array.of(1, 2, 3),
      'text',
      encodeAnswer(0, { kind: 'root', root: root(1) }),
    ]) {
      const [near, far] = portPair();
      far.onmessage = () => {
        (far.postMessage as (data: unknown) => void)(bytes);
      };
      const hostile = remoteParty('hostile', near);
      const result = await settleDispute([honest, hostile], { ...scene.rules, answerMilliseconds: 500 });
      expect(result).toMatchObject({ winner: 0, losses: [{ name: 'hostile' }] });
      expect(['malformed', 'timeout']).toContain(result.losses[0]!.reason);
    }
  });

  test('ignores answers to no question, and questions that are none', async () => {
    const [near, far] = portPair();
    serveParty(liar, far);
    const serve = far.onmessage!;
    far.onmessage = (event) => {
      far.postMessage(encodeAnswer(4_000_000_000, { kind: 'root', root: root(1) }));
      serve({ data: 'noise' });
      serve({ data: Uint8Array.of(9) });
      serve(event);
    };
    expect(await settleDispute([honest, remoteParty('liar', near)], scene.rules)).toMatchObject(expected);
    const failing: Party = { name: 'failing', ask: () => Promise.reject(new Error('down')) };
    expect(await settleDispute([honest, over(failing, portPair())], scene.rules)).toMatchObject({
      losses: [{ reason: 'refused', detail: 'down' }],
    });
  });
});
