import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { counters } from '../bystander-traps.ts';
import { truth as truthSchema } from '../truth/schema.ts';
import { exportedAsset, exportedFinding, scoreScan } from './score.ts';
import type { Score } from './score.ts';

/** A file that cannot be used; the message names it and says what is wrong with it. */
export class InputError extends Error {}

/** Most lines of an export. */
const MOST_LINES = 5_000_000;
/** A control address that has not answered by then is gone. */
const CONTROL_TIMEOUT_MS = 5000;

/** Where the score takes its figures from and puts its result. */
export interface ScoreFiles {
  readonly truth: string;
  readonly assets: string;
  readonly findings: string;
  /** File with the counters, or base URL of a running network's control address. */
  readonly counters: { readonly file: string } | { readonly control: string };
  readonly out: string | undefined;
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(`${place} is not JSON.`);
  }
}

function parseAs<Schema extends z.ZodType>(schema: Schema, data: unknown, place: string): z.output<Schema> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(`${place}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'unreadable'}.`);
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    throw new InputError(`${path} cannot be read.`);
  });
}

async function readLines<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>[]> {
  const found: z.output<Schema>[] = [];
  const stream = createReadStream(path, 'utf8');
  let number = 0;
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (number > MOST_LINES) throw new InputError(`${path} has more than ${MOST_LINES} lines.`);
      const place = `${path}, line ${number}`;
      if (line.trim() !== '') found.push(parseAs(schema, parseJson(line, place), place));
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path} cannot be read.`, { cause: error });
  }
  return found;
}

async function readPackets(source: ScoreFiles['counters']): Promise<number> {
  if ('file' in source) {
    return parseAs(counters, parseJson(await readText(source.file), source.file), source.file).total;
  }
  const url = `${source.control.replace(/\/$/, '')}/counters`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) });
    return parseAs(counters, await response.json(), url).total;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${url} does not answer: is the practice network running?`, { cause: error });
  }
}

/** Reads the files, compares, writes the score when a file is named for it. */
export async function scoreFiles(files: ScoreFiles): Promise<Score> {
  const truth = parseAs(truthSchema, parseJson(await readText(files.truth), files.truth), files.truth);
  const assets = await readLines(files.assets, exportedAsset);
  const findings = await readLines(files.findings, exportedFinding);
  const score = scoreScan(truth, assets, findings, await readPackets(files.counters));
  if (files.out !== undefined) await writeFile(files.out, `${JSON.stringify(score, undefined, 2)}\n`);
  return score;
}
