import type { Interaction } from '../run/result.ts';

/** Called when a name was asked for out of band; texts of the interaction are byte strings. */
export type InteractionHandler = (interaction: Interaction) => Promise<void>;

/** A registration with an out-of-band server during one scan. */
export interface OastSession {
  /** A new host name and its id. */
  readonly create: () => { readonly url: string; readonly id: string };
  /** Calls the handler for every interaction with one of the ids until they are evicted. */
  readonly watch: (ids: readonly string[], handler: InteractionHandler) => void;
  /** Waits for late interactions, then deregisters. */
  readonly finish: () => Promise<void>;
}
