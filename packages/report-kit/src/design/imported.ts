import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readBytes } from '../archives/index.ts';
import type { ArchiveEntry, Design as ArchivedDesign, ObjectFiles, Project } from '../archives/index.ts';
import { isJsonObject, viewFields } from '../fields/index.ts';
import type { Json, JsonObject, Person } from '../fields/index.ts';
import { groupFindings, orderFindings } from '../outline/index.ts';
import type { Design } from './design.ts';

/** Style sheet that imported designs name `/assets/global/base.css`; ours, not the one of any other product. */
const BASE = fileURLToPath(new URL('imported-base.css', import.meta.url));

async function bytesOf(files: ObjectFiles, kind: keyof ObjectFiles): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const [name, file] of files[kind]) found.set(name, await readBytes(file));
  return found;
}

const listOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];

/** Preview data holds stored values, as a project does, with the fields of a finding beside its id: what templates see is made of it. */
function sampleOf(archived: ArchivedDesign): unknown {
  const { report, findings, pentesters } = archived.report_preview_data ?? {};
  const textOf = (value: Json | undefined, fallback: string): string =>
    typeof value === 'string' && value !== '' ? value : fallback;
  const project: Project = {
    id: 'preview',
    name: archived.name,
    language: archived.language,
    project_type: { id: archived.id },
    report_data: isJsonObject(report) ? report : {},
    members: listOf(pentesters).map((person, index) => ({
      ...person,
      id: textOf(person.id, `person-${index + 1}`),
      name: textOf(person.name, ''),
      roles: Array.isArray(person.roles) ? person.roles.map(String) : [],
    })),
    findings: listOf(findings).map((finding, index) => ({
      id: textOf(finding.id, `finding-${index + 1}`),
      created: textOf(finding.created, ''),
      order: typeof finding.order === 'number' ? finding.order : index + 1,
      status: textOf(finding.status, 'in-progress'),
      data: finding,
    })),
  };
  return dataOfProject(project, archived);
}

/** A design of an archive, ready to render; `sample` is its preview data as a template sees it. */
export async function designOfArchive(archived: ArchivedDesign, files: ObjectFiles): Promise<Design> {
  return {
    id: archived.id,
    name: archived.name,
    description: '',
    language: archived.language ?? 'en-US',
    data: '',
    titlePath: 'report.title',
    authorPath: '',
    template: archived.report_template,
    style: archived.report_styles,
    partials: {},
    labels: {},
    assets: new Map([...(await bytesOf(files, 'assets')), ['global/base.css', readFileSync(BASE)] as const]),
    sample: sampleOf(archived),
    fields: {
      report_sections: archived.report_sections as never,
      finding_fields: archived.finding_fields as never,
      finding_ordering: (archived.finding_ordering ?? []).map(({ field, order }) => ({ field, order })),
    },
  };
}

/** A project's pictures by the names that its texts use. */
export async function picturesOf(entry: ArchiveEntry): Promise<Map<string, Uint8Array>> {
  return bytesOf(entry.files, 'images');
}

/** The data object that a design's template sees of a project. */
export function dataOfProject(project: Project, design: ArchivedDesign): unknown {
  const people = new Map<string, Person>((project.members ?? []).map(person => [person.id, person]));
  const view = { people };
  const fields = design.report_sections.flatMap(section => section.fields);
  const report = {
    id: project.id,
    created: project['created'] ?? null,
    language: project.language ?? design.language ?? 'en-US',
    tags: project.tags ?? [],
    ...viewFields(fields, project.report_data, view),
  };
  const sections = Object.fromEntries(
    design.report_sections.map(section => [
      section.id,
      {
        id: section.id,
        label: section.label ?? section.id,
        ...viewFields(section.fields, project.report_data, view),
      },
    ]),
  );
  const ordered = orderFindings(project.findings, design, project.override_finding_order === true);
  let number = 0;
  const groups = groupFindings(ordered, design).map(({ label, findings }) => ({
    label,
    findings: findings.map(finding => ({
      id: finding.id,
      created: finding['created'] ?? null,
      order: (number += 1),
      status: finding.status ?? 'in-progress',
      ...viewFields(design.finding_fields, finding.data, view),
    })),
  }));
  return {
    report,
    sections,
    findings: groups.flatMap(group => group.findings),
    finding_groups: groups,
    pentesters: [...people.values()],
  };
}
