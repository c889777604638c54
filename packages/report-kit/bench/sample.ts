import { z } from 'zod';

const sample = z.looseObject({
  report: z.unknown(),
  findings: z.array(z.looseObject({ id: z.string(), title: z.string() })),
});

/** The pentest sample's findings again and again, each with a number in its texts so that no title, summary or description is the same twice. */
export function pentestOf(count: number, given: unknown) {
  const data = sample.parse(given);
  const findings = Array.from({ length: count }, (_, index) => {
    const base = data.findings[index % data.findings.length];
    const summary = `Case ${index + 1}. ${String(base?.['summary'] ?? '')}`;
    const description = `${String(base?.['description'] ?? '')}\n\nSeen in case ${index + 1}.`;
    return { ...base, id: `f${index}`, title: `${base?.title ?? ''} (${index + 1})`, summary, description };
  });
  return { ...data, findings };
}
