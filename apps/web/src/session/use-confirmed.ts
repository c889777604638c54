import { shallowRef, type ShallowRef } from 'vue';
import { needsConfirmation } from '../api/account.ts';

/** An act that waits until the person has shown who they are. */
export interface WaitingAct {
  proceed(): void;
  giveUp(): void;
}

/** Thrown when the person did not want to show who they are; nothing happened. */
export class NotConfirmed extends Error {}

/** Runs acts that may ask for a fresh proof; while one waits, `waiting` is there for the dialog. */
export function useConfirmed(): {
  waiting: ShallowRef<WaitingAct | undefined>;
  confirmed<T>(act: () => Promise<T>): Promise<T>;
} {
  const waiting = shallowRef<WaitingAct>();
  return {
    waiting,
    confirmed: async act => {
      try {
        return await act();
      } catch (error) {
        if (!needsConfirmation(error)) throw error;
      }
      try {
        await new Promise<void>((proceed, reject) => {
          waiting.value = { proceed, giveUp: () => reject(new NotConfirmed()) };
        });
      } finally {
        waiting.value = undefined;
      }
      return act();
    },
  };
}
