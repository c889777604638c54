/** Characters that a thread keeps of the texts it was sent, beside those of its current job. */
const MAX_KEPT = 32 * 1024 * 1024;

/** What a matching thread holds of the long texts of answers: the same one is sent once. */
export class SentParts {
  private readonly held: { readonly number: number; readonly text: string }[] = [];
  private added: [number, string][] = [];
  private lastNumber = 0;

  /** The number of a text, which goes along with the next job when the thread does not have it. */
  numberOf(text: string): number {
    const at = this.held.findIndex(part => part.text.length === text.length && part.text === text);
    const known = this.held[at];
    if (known !== undefined) {
      this.held.splice(at, 1);
      this.held.unshift(known);
      return known.number;
    }
    this.lastNumber += 1;
    this.held.unshift({ number: this.lastNumber, text });
    this.added.push([this.lastNumber, text]);
    return this.lastNumber;
  }

  /** What the next job has to bring and what it makes superfluous. */
  changes(): {
    readonly added: readonly (readonly [number, string])[];
    readonly forgotten: readonly number[];
  } {
    const { added } = this;
    this.added = [];
    const forgotten: number[] = [];
    let kept = this.held.reduce((sum, { text }) => sum + text.length, 0);
    // The texts of this job are the first ones and stay.
    while (kept > MAX_KEPT && this.held.length > MAX_OF_JOB) {
      const last = this.held.pop();
      if (last === undefined) break;
      kept -= last.text.length;
      forgotten.push(last.number);
    }
    return { added, forgotten };
  }
}

/** Long texts that one job may have without losing any. */
const MAX_OF_JOB = 8;
