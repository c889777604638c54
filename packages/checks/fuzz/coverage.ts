import { Session } from 'node:inspector';

/** What a run of some code reached: keys of blocks. */
export type Reached = ReadonlySet<string>;

/** Counts which blocks of the given files V8 runs; no code is rewritten for it. */
export class BlockCoverage {
  private readonly session = new Session();
  private readonly isWanted: (url: string) => boolean;

  constructor(isWanted: (url: string) => boolean) {
    this.isWanted = isWanted;
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What was reached since the last call. */
  take(): Reached {
    const reached = new Set<string>();
    // The answer of an in-process session comes before `post` returns.
    this.session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      for (const script of answer.result) {
        if (!this.isWanted(script.url)) continue;
        for (const { ranges } of script.functions)
          for (const { startOffset, endOffset, count } of ranges)
            if (count > 0) reached.add(`${script.scriptId}:${startOffset}-${endOffset}`);
      }
    });
    return reached;
  }

  close(): void {
    this.session.disconnect();
  }
}
