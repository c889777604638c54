import { pageOf, projectDetail, projectView, type ProjectDetail, type ProjectLevel } from '@glacis/contract';
import { keepPreviousData, queryOptions } from '@tanstack/vue-query';
import { z } from 'zod';
import { command, request, tenantUrl, type QueryValues } from './client.ts';

const projectPage = pageOf(projectView);
const people = z.object({ items: z.array(z.object({ id: z.uuid(), name: z.string(), email: z.string() })) });

/** A page of projects. */
export function projectsQuery(tenant: string, query: QueryValues) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'projects', query] as const,
    queryFn: ({ signal }) => request(projectPage, tenantUrl(tenant, 'projects'), { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** One project with its members. */
export function projectQuery(tenant: string, id: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'project', id] as const,
    queryFn: ({ signal }) => request(projectDetail, tenantUrl(tenant, 'projects', id), { signal }),
  });
}

/** Who could become a member of a project. */
export function peopleQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'people'] as const,
    queryFn: ({ signal }) => request(people, tenantUrl(tenant, 'members'), { signal }),
  });
}

/** Makes a project. @throws ApiError */
export function addProject(tenant: string, name: string): Promise<ProjectDetail> {
  return request(projectDetail, tenantUrl(tenant, 'projects'), { method: 'POST', body: { name } });
}

/** Removes a project; its targets stay. @throws ApiError */
export function removeProject(tenant: string, id: string): Promise<void> {
  return command(tenantUrl(tenant, 'projects', id), { method: 'DELETE' });
}

/** Sets who is in a project. @throws ApiError */
export function setProjectMembers(
  tenant: string,
  id: string,
  members: readonly { userId: string; level: ProjectLevel }[],
): Promise<ProjectDetail> {
  return request(projectDetail, tenantUrl(tenant, 'projects', id, 'members'), {
    method: 'PUT',
    body: { members },
  });
}

/** Puts targets into a project or takes them out. @throws ApiError */
export function changeProjectTargets(
  tenant: string,
  id: string,
  body: { add?: readonly string[]; remove?: readonly string[] },
): Promise<ProjectDetail> {
  return request(projectDetail, tenantUrl(tenant, 'projects', id, 'targets'), { method: 'POST', body });
}
