import { severities, type ScanNews, type ScanProgress } from '@glacis/contract';

/** Shows the progress of a scan: a picture that is drawn over on a terminal, plain lines elsewhere. */
export interface ProgressView {
  update(progress: ScanProgress): void;
  end(progress: ScanProgress): void;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const PLAIN_INTERVAL_MS = 1000;
const FEED_LINES = 8;
const BAR_WIDTH = 18;

const COLOURS: Readonly<Record<string, string>> = {
  critical: '1;35',
  high: '31',
  medium: '33',
  low: '36',
  info: '2',
};

/** Control characters of scanned names must not reach the terminal. */
export function printable(text: string, width: number): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
  return safe.length > width ? `${safe.slice(0, Math.max(1, width - 1))}…` : safe;
}

/** Picks the view that suits the output. */
export function createProgressView(output: Output): ProgressView {
  return output.isTTY ? terminalView(output) : plainView(output);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function totals(progress: ScanProgress): string {
  const { scan } = progress;
  const findings = severities
    .filter(name => scan.findings[name] > 0)
    .map(name => `${scan.findings[name]} ${name}`);
  return `${scan.assetCount} assets, ${findings.length > 0 ? `findings: ${findings.join(', ')}` : 'no findings'}`;
}

function describe(news: ScanNews, width: number): string {
  if (news.type === 'finding') {
    const parameter = news.parameter === '' ? '' : ` (${news.parameter})`;
    return printable(`${news.severity.toUpperCase()}  ${news.title}${parameter} — ${news.assetKey}`, width);
  }
  return printable(`${news.kind}  ${news.key}${news.inScope ? '' : '  (out of scope, not probed)'}`, width);
}

function plainView(output: Output): ProgressView {
  let lastAt = 0;
  let lastLine = '';
  const line = (progress: ScanProgress): void => {
    const working = progress.scanners
      .filter(entry => entry.jobs.done + entry.jobs.failed < entry.jobs.queued)
      .map(entry => `${entry.scanner} ${entry.jobs.done}/${entry.jobs.queued}`);
    const text = `[${seconds(progress.elapsedMs)}] ${totals(progress)}${working.length > 0 ? `; working: ${working.join(', ')}` : ''}`;
    if (text !== lastLine) output.write(`${text}\n`);
    lastLine = text;
    lastAt = Date.now();
  };
  return {
    update: progress => {
      for (const news of progress.news)
        if (news.type === 'finding')
          output.write(`[${seconds(progress.elapsedMs)}] ${describe(news, 200)}\n`);
      if (Date.now() - lastAt >= PLAIN_INTERVAL_MS) line(progress);
    },
    end: progress => {
      line(progress);
      for (const entry of progress.scanners)
        output.write(`  ${entry.scanner.padEnd(18)} ${scannerLine(entry)}\n`);
      output.write(
        `Scan ${progress.scan.state} after ${seconds(progress.elapsedMs)}: ${totals(progress)}.\n`,
      );
    },
  };
}

function scannerLine(entry: ScanProgress['scanners'][number]): string {
  const { looked, unreachable, limited, skipped } = entry.assets;
  const rest = [
    unreachable > 0 ? `${unreachable} unreachable` : '',
    limited > 0 ? `${limited} cut short` : '',
    skipped > 0 ? `${skipped} skipped` : '',
    entry.jobs.failed > 0 ? `${entry.jobs.failed} jobs failed` : '',
  ].filter(Boolean);
  return `${looked} looked at${rest.length > 0 ? `, ${rest.join(', ')}` : ''}; found ${entry.found.assets} assets, ${entry.found.findings} findings`;
}

function terminalView(output: Output): ProgressView {
  const feed: ScanNews[] = [];
  let drawnLines = 0;
  const draw = (progress: ScanProgress): void => {
    const width = Math.max(40, (output.columns ?? 80) - 1);
    const lines = [
      '',
      printable(
        `  Scanning ${progress.scan.domain}   ${seconds(progress.elapsedMs)}   ${totals(progress)}`,
        width,
      ),
      '',
      ...progress.scanners.map(entry => scannerRow(entry, width)),
      '',
      ...feed.slice(-FEED_LINES).map(news => colour(news, `  ${describe(news, width - 2)}`)),
    ];
    output.write(`${drawnLines > 0 ? `\u001b[${drawnLines}A` : ''}\u001b[0J${lines.join('\n')}\n`);
    drawnLines = lines.length;
  };
  return {
    update: progress => {
      feed.push(...progress.news);
      feed.splice(0, Math.max(0, feed.length - FEED_LINES));
      draw(progress);
    },
    end: progress => {
      feed.length = 0;
      draw(progress);
      output.write(`  Scan ${progress.scan.state} after ${seconds(progress.elapsedMs)}.\n`);
    },
  };
}

function scannerRow(entry: ScanProgress['scanners'][number], width: number): string {
  const ended = entry.jobs.done + entry.jobs.failed;
  const filled = entry.jobs.queued === 0 ? 0 : Math.floor((ended / entry.jobs.queued) * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const left =
    entry.assets.queued -
    entry.assets.looked -
    entry.assets.unreachable -
    entry.assets.limited -
    entry.assets.skipped;
  const text = `  ${entry.title.padEnd(24).slice(0, 24)} ${bar} ${String(entry.assets.queued - left).padStart(6)}/${String(entry.assets.queued).padEnd(6)} +${entry.found.assets} assets +${entry.found.findings} findings`;
  return printable(text, width);
}

function colour(news: ScanNews, text: string): string {
  const code = news.type === 'finding' ? COLOURS[news.severity] : '2';
  return `\u001b[${code ?? '0'}m${text}\u001b[0m`;
}
