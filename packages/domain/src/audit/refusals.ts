import type { AuditAct, AuditEnd } from './record.ts';

/** How long equal refusals are counted together, ms. */
const WINDOW_MS = 60_000;
/** Different refusals within a window that get records of their own: of known actors, and of nobody. */
const MAX_KNOWN = 1000;
const MAX_ANONYMOUS = 30;

interface Counted {
  readonly act: AuditAct;
  readonly code: string;
  /** How many came after the one that was recorded at once. */
  more: number;
}

type Write = (act: AuditAct, end: AuditEnd, at: Date) => Promise<void>;

/**
 * Counts refusals, so that nobody can bloat or lock a chain with them: the first of its kind is recorded at once, equal
 * ones within a minute become one more record with their number, and what is over the bounds is counted together.
 */
export class RefusalCounter {
  #write: Write;
  #counted = new Map<string, Counted>();
  #anonymous = 0;
  #pending = new Set<Promise<void>>();
  #windowStart = 0;

  constructor(write: Write) {
    this.#write = write;
  }

  /** Counts one refusal. */
  add(act: AuditAct, code: string): void {
    if (Date.now() - this.#windowStart > WINDOW_MS) this.#turn();
    const isAnonymous = act.origin.actor.kind === 'nobody';
    const { tenantId, action, origin, detail } = act;
    const key = JSON.stringify([
      tenantId,
      action,
      code,
      origin.actor.id,
      origin.credentialId,
      origin.address,
      detail,
    ]);
    const known = this.#counted.get(key);
    if (known) {
      known.more += 1;
      return;
    }
    const isOver = isAnonymous ? this.#anonymous >= MAX_ANONYMOUS : this.#counted.size >= MAX_KNOWN;
    if (isOver) {
      this.#countTogether(act, code);
      return;
    }
    if (isAnonymous) this.#anonymous += 1;
    this.#counted.set(key, { act, code, more: 0 });
    this.#record(act, { outcome: 'refused', code });
  }

  /** Writes down what has been counted and waits for all that is being written. */
  async flush(): Promise<void> {
    this.#turn();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** What has no place of its own: one record for the chain and the error code, without actor and address. */
  #countTogether(act: AuditAct, code: string): void {
    const key = JSON.stringify([act.tenantId, code, 'together']);
    const known = this.#counted.get(key);
    if (known) {
      known.more += 1;
      return;
    }
    const { requestId: _, ...origin } = act.origin;
    this.#counted.set(key, {
      act: {
        tenantId: act.tenantId,
        action: 'requests.refused',
        origin: {
          ...origin,
          actor: { kind: 'nobody', id: null, name: '' },
          via: 'none',
          credentialId: null,
          address: null,
          requestId: null,
        },
      },
      code,
      more: 1,
    });
  }

  #turn(): void {
    for (const { act, code, more } of this.#counted.values()) {
      if (more > 0)
        this.#record(
          { ...act, origin: { ...act.origin, requestId: null }, detail: { ...act.detail, isRepeated: true } },
          { outcome: 'refused', code, count: more },
        );
    }
    this.#counted.clear();
    this.#anonymous = 0;
    this.#windowStart = Date.now();
  }

  #record(act: AuditAct, end: AuditEnd): void {
    const writing = this.#write(act, end, new Date()).finally(() => this.#pending.delete(writing));
    this.#pending.add(writing);
  }
}
