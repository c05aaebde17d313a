import type { RhoNode } from './rho-node.ts';

/**
 * Lets a node look at the clock every now and then, so that it goes on without members that are silent.
 *
 * @param interval - milliseconds between two looks; 100 unless told.
 * @returns ends it.
 */
export function keepTime(node: Pick<RhoNode, 'tick'>, interval = 100): () => void {
  const timer = setInterval(() => {
    node.tick();
  }, interval);
  return () => {
    clearInterval(timer);
  };
}
