import type { Authenticated, Platform, RateState, RateSubject } from '@glacis/domain';
import { UserError } from '@glacis/foundation';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Counts a request by where it comes from, before anything is asked of the database for it. @throws UserError */
export async function limitAddress(
  platform: Platform,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<readonly RateState[]> {
  const states = await platform.limiter.take([{ policy: 'address', key: networkOf(request.ip) }]);
  return answerStates(reply, states);
}

/** Counts a request by who it comes from. `before` are the states that its answer tells already. @throws UserError */
export async function limitCaller(
  platform: Platform,
  reply: FastifyReply,
  { caller, tenant }: Authenticated,
  before: readonly RateState[],
): Promise<void> {
  const subjects: RateSubject[] = [];
  const { credential, userId } = caller;
  if (userId !== undefined) subjects.push({ policy: 'user', key: userId });
  if (credential.kind !== 'session') subjects.push({ policy: 'token', key: credential.id });
  if (tenant) subjects.push({ policy: 'tenant', key: tenant.id });
  answerStates(reply, [...before, ...(await platform.limiter.take(subjects))]);
}

/** The headers of draft-ietf-httpapi-ratelimit-headers. @throws UserError when one of the limits is reached. */
function answerStates(reply: FastifyReply, states: readonly RateState[]): readonly RateState[] {
  if (states.length > 0) {
    void reply.headers({
      'ratelimit-policy': states
        .map(state => `"${state.policy}";q=${state.quota};w=${state.windowSeconds}`)
        .join(', '),
      ratelimit: states
        .map(state => `"${state.policy}";r=${state.remaining};t=${state.resetSeconds}`)
        .join(', '),
    });
  }
  const over = states.find(state => state.isOver);
  if (over) {
    throw new UserError(
      'request.rate-limited',
      `Too many requests by this ${over.policy}: try again in ${over.resetSeconds} s.`,
    );
  }
  return states;
}

/** An address as it is counted: an IPv6 host has a whole /64 to itself. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::', 2);
  const left = head.split(':').filter(part => part !== '');
  const right = tail === undefined ? [] : tail.split(':').filter(part => part !== '');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}
