import { z } from 'zod';
import { id, instant, paging } from './primitives.ts';

/** What a member may do in a project; each level holds those before it. `lead` chooses members and targets. */
export const projectLevels = ['read', 'comment', 'write', 'lead'] as const;
/** One of {@link projectLevels}. */
export const projectLevel = z.enum(projectLevels);
export type ProjectLevel = z.infer<typeof projectLevel>;

/** A project in a list. */
export const projectView = z.object({
  id,
  name: z.string(),
  note: z.string(),
  targetCount: z.number().int(),
  memberCount: z.number().int(),
  /** What the caller may do in it; null for who is no member of it. */
  level: projectLevel.nullable(),
  createdAt: instant,
});
export type ProjectView = z.infer<typeof projectView>;

/** A member of a project. */
export const projectMember = z.object({
  userId: id,
  name: z.string(),
  email: z.string(),
  level: projectLevel,
});
export type ProjectMember = z.infer<typeof projectMember>;

/** GET projects/:id. */
export const projectDetail = projectView.extend({ members: z.array(projectMember) });
export type ProjectDetail = z.infer<typeof projectDetail>;

/** GET projects. */
export const projectQuery = paging;

const name = z.string().trim().min(1).max(200);
const note = z.string().max(2000);
/** POST projects. */
export const createProjectRequest = z.strictObject({ name, note: note.default('') });
/** PATCH projects/:id. */
export const updateProjectRequest = z.strictObject({ name: name.optional(), note: note.optional() });

/** PUT projects/:id/members: the members and their levels from now on. */
export const setProjectMembersRequest = z.strictObject({
  members: z.array(z.strictObject({ userId: id, level: projectLevel })).max(1000),
});

/** POST projects/:id/targets: targets that come in and that go out. */
export const changeProjectTargetsRequest = z.strictObject({
  add: z.array(id).max(1000).default([]),
  remove: z.array(id).max(1000).default([]),
});

/** PUT members/:id/scope: whether a member sees the whole tenant or only their projects. */
export const setMemberScopeRequest = z.strictObject({ scope: z.enum(['tenant', 'projects']) });
