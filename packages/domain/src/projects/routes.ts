import {
  changeProjectTargetsRequest,
  createProjectRequest,
  pageOf,
  projectDetail,
  projectQuery,
  projectView,
  setMemberScopeRequest,
  setProjectMembersRequest,
  tenantPath,
  thingPath,
  updateProjectRequest,
} from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { inRouteTenant, notFound, requesterOf, tenantOf } from '../http/caller.ts';
import { route, type Route, type RouteInput } from '../http/route.ts';
import {
  changeProjectTargets,
  createProject,
  deleteProject,
  isLead,
  listProjects,
  readProject,
  setMemberScope,
  setProjectMembers,
  updateProject,
} from './service.ts';

const url = '/api/tenants/:tenant/projects';

/**
 * Runs a change of a project by who leads it, or by an admin. A lead who sees only projects brings in no targets from
 * outside: they do not see them. @throws UserError
 */
function asLead<T>(
  input: RouteInput<{ id: string }, unknown, unknown>,
  work: (tx: TenantTransaction) => Promise<T>,
  check: (tx: TenantTransaction) => Promise<void> = async () => {},
): Promise<T> {
  return inRouteTenant(input, async tx => {
    const userId = requesterOf(input);
    await readProject(tx, input.params.id, userId);
    const isAdmin = input.tenant?.role === 'admin';
    if (!isAdmin && !(await isLead(tx, input.params.id, userId))) {
      throw new UserError(
        'auth.forbidden',
        'Only who leads the project, or an administrator of the tenant, may do this.',
      );
    }
    await check(tx);
    return tx.isRestricted ? tx.unrestricted(work) : work(tx);
  });
}

const entries: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'project.read',
    summary: 'Lists the projects that the caller can see.',
    params: tenantPath,
    query: projectQuery,
    answer: pageOf(projectView),
    handle: input =>
      inRouteTenant(input, tx => listProjects(tx, { ...input.query, userId: requesterOf(input) })),
  }),
  route({
    method: 'POST',
    url,
    access: 'tenant.manage',
    summary: 'Makes a project, led by who makes it.',
    params: tenantPath,
    body: createProjectRequest,
    answer: projectDetail,
    status: 201,
    handle: input =>
      inRouteTenant(input, tx => createProject(tx, { ...input.body, userId: requesterOf(input) })),
  }),
  route({
    method: 'GET',
    url: `${url}/:id`,
    access: 'project.read',
    summary: 'Shows a project with its members.',
    params: thingPath,
    answer: projectDetail,
    handle: input => inRouteTenant(input, tx => readProject(tx, input.params.id, requesterOf(input))),
  }),
  route({
    method: 'PATCH',
    url: `${url}/:id`,
    access: 'project.manage',
    summary: 'Changes name or note of a project; for its leads and admins.',
    params: thingPath,
    body: updateProjectRequest,
    answer: projectDetail,
    handle: input =>
      asLead(input, tx =>
        updateProject(tx, { ...input.body, id: input.params.id, userId: requesterOf(input) }),
      ),
  }),
  route({
    method: 'DELETE',
    url: `${url}/:id`,
    access: 'tenant.manage',
    summary: 'Removes a project; its targets stay.',
    params: thingPath,
    answer: 'none',
    handle: input => inRouteTenant(input, tx => deleteProject(tx, input.params.id)),
  }),
];

const contents: readonly Route[] = [
  route({
    method: 'PUT',
    url: `${url}/:id/members`,
    access: 'project.manage',
    summary: 'Sets the members of a project and their levels; for its leads and admins.',
    params: thingPath,
    body: setProjectMembersRequest,
    answer: projectDetail,
    handle: input =>
      asLead(input, tx =>
        setProjectMembers(tx, { ...input.body, id: input.params.id, userId: requesterOf(input) }),
      ),
  }),
  route({
    method: 'POST',
    url: `${url}/:id/targets`,
    access: 'project.manage',
    summary: 'Puts targets into a project and takes others out; for its leads and admins.',
    params: thingPath,
    body: changeProjectTargetsRequest,
    answer: projectDetail,
    handle: input =>
      asLead(
        input,
        tx => changeProjectTargets(tx, { ...input.body, id: input.params.id, userId: requesterOf(input) }),
        async tx => {
          if (tx.isRestricted && !(await areVisible(tx, input.body.add))) throw notFound('target');
        },
      ),
  }),
  route({
    method: 'PUT',
    url: '/api/tenants/:tenant/members/:id/scope',
    access: 'tenant.manage',
    summary: 'Sets whether a member sees the whole tenant or only their projects.',
    params: thingPath,
    body: setMemberScopeRequest,
    answer: 'none',
    handle: input =>
      setMemberScope(input.platform.database, tenantOf(input), {
        userId: input.params.id,
        scope: input.body.scope,
      }),
  }),
];

async function areVisible(tx: TenantTransaction, ids: readonly string[]): Promise<boolean> {
  const { rows } = await sql`select 1 from target where id = any(${ids}::uuid[])`.execute(tx.sql);
  return rows.length === new Set(ids).size;
}

/** Routes of projects. */
export const projectRoutes: readonly Route[] = [...entries, ...contents];
