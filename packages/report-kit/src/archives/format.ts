import { z } from 'zod';
import { ArchiveError } from './error.ts';
import { upgradeDesign, upgradeTemplate } from './legacy.ts';
import { SCHEMAS } from './schema.ts';
import type { Design, Notes, Project, Template } from './schema.ts';

/** The formats that can be read; the first of each kind is the one that is written. */
export const ARCHIVE_FORMATS = [
  'projecttypes/v2',
  'projecttypes/v1',
  'templates/v2',
  'templates/v1',
  'projects/v2',
  'projects/v1',
  'notes/v1',
] as const;

/** What an object of an archive is. */
export type ArchiveKind = 'design' | 'template' | 'project' | 'notes';

/** An object of an archive in the newest form of its kind. */
export type ArchiveObject =
  | { readonly kind: 'design'; readonly data: Design }
  | { readonly kind: 'template'; readonly data: Template }
  | { readonly kind: 'project'; readonly data: Project; readonly design: Design }
  | { readonly kind: 'notes'; readonly data: Notes };

const withFormat = z.looseObject({ format: z.string().max(100).optional() });
const MAX_NAMED = 5;

function parse<Output>(schema: z.ZodType<Output>, value: unknown, member: string): Output {
  const result = schema.safeParse(value);
  // The value itself and not what the schema made of it: the order of its keys, and keys of any name, stay as they came.
  if (result.success) return value as Output;
  const issues = result.error.issues
    .slice(0, MAX_NAMED)
    .map(({ path, message }) => `${path.map(String).join('.') || 'the object'}: ${message}`);
  const more = result.error.issues.length - issues.length;
  throw new ArchiveError(
    'format-invalid',
    `${member} does not have the form that its format asks for — ${issues.join('; ')}${more > 0 ? `; and ${more} more` : ''}: export it again, or mend what is named.`,
    member,
  );
}

function parseDesign(value: unknown, format: string | undefined, member: string): Design {
  // Designs inside projects may name no format.
  if (format !== 'projecttypes/v1') return parse(SCHEMAS.design, value, member);
  return parse(SCHEMAS.design, upgradeDesign(parse(SCHEMAS.designV1, value, member)), member);
}

function parseProject(value: unknown, member: string): ArchiveObject {
  const { pentesters, ...rest } = parse(withFormat, value, member);
  const named =
    pentesters !== undefined && rest.members === undefined ? { ...rest, members: pentesters } : value;
  const data = parse(SCHEMAS.project, named, member);
  const { project_type: carried } = data;
  const design = parseDesign(carried, carried.format, `${member}: the design`);
  const isNewest = design === carried && data.format === 'projects/v2';
  return {
    kind: 'project',
    data: isNewest ? data : { ...data, project_type: design, format: 'projects/v2' },
    design,
  };
}

/** Lists and objects inside one another; more would overflow the stack of what follows, and no export has them. */
const MAX_DEPTH = 200;

function checkDepth(value: unknown, member: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH)
      throw new ArchiveError(
        'format-invalid',
        `${member} has lists and objects more than ${MAX_DEPTH} deep in one another, which no export has: do not trust it.`,
        member,
      );
    level = level.flatMap(item => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
}

/** Reads one object of an archive; older formats come out as the newest. Unknown keys are kept. */
export function parseObject(value: unknown, member: string): ArchiveObject {
  checkDepth(value, member);
  const { format } = parse(withFormat, value, member);
  switch (format) {
    case 'projecttypes/v2':
    case 'projecttypes/v1':
      return { kind: 'design', data: parseDesign(value, format, member) };
    case 'templates/v2':
      return { kind: 'template', data: parse(SCHEMAS.template, value, member) };
    case 'templates/v1':
      return {
        kind: 'template',
        data: parse(SCHEMAS.template, upgradeTemplate(parse(SCHEMAS.templateV1, value, member)), member),
      };
    case 'projects/v2':
    case 'projects/v1':
      return parseProject(value, member);
    case 'notes/v1':
      return { kind: 'notes', data: parse(SCHEMAS.notes, value, member) };
    default:
      throw new ArchiveError(
        'format-unknown',
        `${member} ${format === undefined ? 'names no format' : `has the format “${format}”`}, and these can be read: ${ARCHIVE_FORMATS.join(', ')}.`,
        member,
      );
  }
}

/** The files of an object: where they lie in an archive and which of them its data lists. */
export interface FileGroup {
  readonly kind: 'assets' | 'images' | 'files';
  /** `<id>-assets` and so on. */
  readonly folder: string;
  readonly names: readonly string[];
}

/** A file may be listed twice, and is there once. */
const namesOf = (files: readonly { readonly name: string }[] | undefined): string[] => [
  ...new Set((files ?? []).map(({ name }) => name)),
];

/** The groups of files that an object may have. */
export function fileGroups(object: ArchiveObject): FileGroup[] {
  const { id } = object.data;
  const images = (files: readonly { readonly name: string }[] | undefined): FileGroup => ({
    kind: 'images',
    folder: `${id}-images`,
    names: namesOf(files),
  });
  switch (object.kind) {
    case 'design':
      return [{ kind: 'assets', folder: `${id}-assets`, names: namesOf(object.data.assets) }];
    case 'template':
      return [images(object.data.images)];
    case 'notes':
      return [
        images(object.data.images),
        { kind: 'files', folder: `${id}-files`, names: namesOf(object.data.files) },
      ];
    case 'project':
      return [
        { kind: 'assets', folder: `${object.design.id}-assets`, names: namesOf(object.design.assets) },
        images(object.data.images),
        { kind: 'files', folder: `${id}-files`, names: namesOf(object.data.files) },
      ];
  }
}
