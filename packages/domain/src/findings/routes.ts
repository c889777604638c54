import {
  findingDetail,
  findingQuery,
  findingView,
  pageOf,
  tenantPath,
  thingPath,
  triageRequest,
} from '@glacis/contract';
import { inRouteTenant, tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { inWritable } from '../projects/grants.ts';
import { listFindings, readFinding, triageFinding } from './repository.ts';

const url = '/api/tenants/:tenant/findings';

/** Routes of findings. */
export const findingRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'finding.read',
    summary: 'Lists findings, filtered, sorted and paged.',
    params: tenantPath,
    query: findingQuery,
    answer: pageOf(findingView),
    handle: input => inRouteTenant(input, tx => listFindings(tx, input.query)),
  }),
  route({
    method: 'GET',
    url: `${url}/:id`,
    access: 'finding.read',
    summary: 'Shows a finding with its evidence and advice.',
    params: thingPath,
    answer: findingDetail,
    handle: async input => {
      const key = await input.platform.keyOf(tenantOf(input));
      return inRouteTenant(input, tx => readFinding(tx, input.params.id, key));
    },
  }),
  route({
    method: 'PATCH',
    url: `${url}/:id`,
    access: 'finding.triage',
    summary: 'Sets the state of a finding.',
    params: thingPath,
    body: triageRequest,
    answer: findingView,
    handle: input =>
      inWritable(input, { kind: 'finding', id: input.params.id }, tx =>
        triageFinding(tx, input.params.id, input.body.state),
      ),
  }),
];
