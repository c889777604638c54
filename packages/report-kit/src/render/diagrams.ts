import { z } from 'zod';
import type { RenderLimits } from './limits.ts';
import type { PageSession } from './page-session.ts';

/** That a function of the page was ended, because it took too long. */
export const ENDED = Symbol('ended');

/** Ends what the page runs: a loop cannot be asked to stop. Where nothing runs, it is the empty script that is ended. */
async function interrupt(session: PageSession): Promise<void> {
  const ended = [
    session.send('Runtime.terminateExecution'),
    session.send('Runtime.evaluate', { expression: '0' }),
  ];
  await Promise.allSettled(ended);
}

/** Calls a function of the page that may hang; what it does is ended after `limitMs`, and the page goes on. */
export async function callWithin(
  session: PageSession,
  name: string,
  argument: unknown,
  limitMs: number,
): Promise<unknown> {
  const { promise: late, resolve } = Promise.withResolvers<typeof ENDED>();
  const timer = setTimeout(() => resolve(ENDED), limitMs);
  const call = session.call(name, argument);
  call.catch(() => undefined);
  try {
    const answer = await Promise.race([call, late]);
    if (answer === ENDED) await interrupt(session);
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

/** Draws the diagrams of the document one by one, so that one that hangs costs its own picture and not the document. */
export async function drawDiagrams(
  session: PageSession,
  value: unknown,
  { diagramMs: limitMs }: RenderLimits,
): Promise<null> {
  const count = z.int().min(0).max(100_000).parse(value);
  for (let index = 0; index < count; index++)
    if ((await callWithin(session, 'drawDiagram', index, limitMs)) === ENDED)
      await session.call('forgetDiagram', { index, limitMs });
  return null;
}
