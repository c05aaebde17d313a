/* An honest party in a thread of its own. */
import { workerData } from 'node:worker_threads';
import { createParty, serveParty, type DisputePort } from '../../src/index.ts';
import { countdown } from './accumulator.ts';
import { sceneOf } from './dispute.ts';

const { port } = workerData as { readonly port: DisputePort };
const scene = await sceneOf(countdown(40), 1);
serveParty(createParty({ ...scene.options, name: 'honest' }), port);
